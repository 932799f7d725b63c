"""Which programs there are, and what each can do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec

SONAR = ("sonar_baseline_1", "sonar_baseline", "sonar_hidden_1", "sonar_hidden")
DENSE = (*SONAR, "mnist_plain", "mnist_dropout", "fashion_mnist")


@dataclass(frozen=True)
class Peer:
    """A program.

    Args:
        needs: the package that it needs beside repro's own.
        per_core: a process on each core, a thread in each; else one process that may use all cores.
        pinned: each of its processes is bound to a core.
    """

    name: str
    title: str
    module: str
    function: str
    works: tuple[str, ...]
    needs: str | None = None
    per_core: bool = True
    pinned: bool = False

    @property
    def present(self) -> bool:
        return self.needs is None or find_spec(self.needs) is not None


def _of(module: str) -> str:
    return f"benchmarks.speed.programs.{module}"


IMAGES = ("mnist_cnn", "lstm")
ALL = (*DENSE, *IMAGES, "batch_normalisation")
MANY_SEEDS = tuple(name for name in ALL if not name.endswith("_1"))

LIMIT = "limit"
OURS = ("stacked", "graph", "keras_engine")
"""The first that can train a work is the one that repro takes."""
PEERS = (
    Peer(LIMIT, "limit: the arithmetic as a matmul", _of("matmul"), "Matmul", ALL),
    Peer("keras", "Keras, the article's way", _of("keras_article"), "KerasArticle", ALL, per_core=False),
    Peer("torch", "PyTorch, a loop", _of("torch_loop"), "TorchLoop", ALL, "torch"),
    Peer("torch_func", "PyTorch, torch.func over replicas", _of("torch_func"), "TorchFunc", DENSE, "torch"),
    Peer("jax_one", "JAX, one process", _of("jax_scan"), "JaxScan", DENSE, "jax", per_core=False),
    Peer("jax", "JAX, a process a core", _of("jax_scan"), "JaxScan", DENSE, "jax", pinned=True),
    Peer("jax_net_one", "JAX, one process", _of("jax_net"), "JaxNet", IMAGES, "jax", per_core=False),
    Peer("jax_net", "JAX, a process a core", _of("jax_net"), "JaxNet", IMAGES, "jax", pinned=True),
    Peer("sklearn", "scikit-learn, MLPClassifier", _of("sklearn_mlp"), "SklearnMlp", SONAR[:2]),
    Peer("stacked", "repro, stacked engine", _of("ours"), "Stacked", DENSE),
    Peer("graph", "repro, graph engine", _of("ours"), "Graph", MANY_SEEDS),
    Peer("keras_engine", "repro, keras engine", _of("ours"), "KerasEngine", MANY_SEEDS),
)


def missing(peers: Iterable[Peer]) -> list[str]:
    """A line for each package that programs need and that is not installed."""
    absent: dict[str, list[str]] = {}
    for peer in peers:
        if peer.needs and not peer.present:
            absent.setdefault(peer.needs, []).append(peer.name)
    return [
        f"{package} is not installed: {', '.join(names)} left out; `make bench` installs it"
        for package, names in absent.items()
    ]
