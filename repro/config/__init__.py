"""YAML in, typed `Experiment` and `Article` out."""

from __future__ import annotations

from repro.config.editor_schema import article_schema, experiment_schema
from repro.config.load import article_for, check_article, load_article, load_experiment
from repro.config.locate import configs_folder, experiment_files, find_config
from repro.config.schema import Article, Claim, Experiment, Reported

__all__ = [
    "Article",
    "Claim",
    "Experiment",
    "Reported",
    "article_for",
    "article_schema",
    "check_article",
    "configs_folder",
    "experiment_files",
    "experiment_schema",
    "find_config",
    "load_article",
    "load_experiment",
]
