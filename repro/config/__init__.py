"""YAML in, typed `Experiment` and `Article` out."""

from __future__ import annotations

from repro.config.article import Article, Claim
from repro.config.catalogue import Catalogue, experiment_files, find_config, shipped_experiments
from repro.config.editor_schema import article_schema, experiment_schema
from repro.config.reported import Reported
from repro.config.schema import AnyExperiment, Experiment

__all__ = [
    "AnyExperiment",
    "Article",
    "Catalogue",
    "Claim",
    "Experiment",
    "Reported",
    "article_schema",
    "experiment_files",
    "experiment_schema",
    "find_config",
    "shipped_experiments",
]
