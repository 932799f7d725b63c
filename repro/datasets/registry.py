"""Every data set by name. To add one: an entry here and its section in `data/README.md`; where its format is new, a
file in `formats/` with a function `parse`, and where its files lie elsewhere, a class in `places.py`.
"""

from __future__ import annotations

from functools import partial

from repro.datasets.base import DatasetInfo
from repro.datasets.data_set import DataSet
from repro.datasets.formats import csv, digits, idx
from repro.datasets.places import Bundled, Cached, ScikitLearn

_KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"

DATASETS: dict[str, DataSet] = {
    "sonar": DataSet(
        DatasetInfo(
            name="sonar",
            title="Connectionist Bench (Sonar, Mines vs. Rocks)",
            rows=208,
            test_rows=0,
            input_shape=(60,),
            classes=2,
            licence="CC BY 4.0",
            citation=(
                "R. P. Gorman and T. J. Sejnowski (1988). Analysis of hidden units in a layered network trained to "
                "classify sonar targets. Neural Networks 1(1), 75-89."
            ),
            source="UCI Machine Learning Repository, doi:10.24432/C5T01Q; in data/sonar.csv",
            sha256={"sonar.csv": "3079c09b5d2789a0f96aff82c28e5164fafe2495c5f8da96c6c256c1bd25763f"},
        ),
        place=Bundled(),
        parse=partial(csv.parse, labels=("M", "R"), label_counts=(111, 97)),
    ),
    "mnist": DataSet(
        DatasetInfo(
            name="mnist",
            title="MNIST handwritten digits",
            rows=60_000,
            test_rows=10_000,
            input_shape=(28, 28),
            classes=10,
            licence="CC BY-SA 3.0",
            citation=(
                "Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998). Gradient-based learning applied to document "
                "recognition. Proceedings of the IEEE 86(11), 2278-2324."
            ),
            source="Y. LeCun, C. Cortes and C. J. C. Burges, The MNIST database of handwritten digits",
            sha256={
                "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            },
        ),
        place=Cached(
            idx.sizes,
            public=(
                "https://ossci-datasets.s3.amazonaws.com/mnist/{file}.gz",  # torchvision's
                f"{_KERAS}/mnist.npz",
            ),
        ),
        parse=idx.parse,
    ),
    "fashion-mnist": DataSet(
        DatasetInfo(
            name="fashion-mnist",
            title="Fashion-MNIST article images",
            rows=60_000,
            test_rows=10_000,
            input_shape=(28, 28),
            classes=10,
            licence="MIT",
            citation=(
                "H. Xiao, K. Rasul and R. Vollgraf (2017). Fashion-MNIST: a novel image dataset for benchmarking "
                "machine learning algorithms. arXiv:1708.07747."
            ),
            source="Zalando Research, Fashion-MNIST",
            sha256={
                "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            },
        ),
        place=Cached(
            idx.sizes,
            public=(
                "/usr/share/datasets/fashion-mnist/{file}.gz",  # Debian's package dataset-fashion-mnist
                f"{_KERAS}/{{file}}.gz",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/{file}.gz",  # the authors', torchvision's
            ),
        ),
        parse=idx.parse,
    ),
    "digits": DataSet(
        DatasetInfo(
            name="digits",
            title="Optical recognition of handwritten digits",
            rows=1437,
            test_rows=360,
            input_shape=(8, 8),
            classes=10,
            licence="CC BY 4.0",
            citation=(
                "E. Alpaydin and C. Kaynak (1998). Optical recognition of handwritten digits. UCI Machine Learning "
                "Repository, doi:10.24432/C50P49."
            ),
            source="scikit-learn's load_digits, a copy of the test part of the UCI data set",
            sha256={"digits": "68aea062d35a127749050fa0e52dca09d6569ac08092c925610e0954e172dde2"},
        ),
        place=ScikitLearn(digits.read),
        parse=digits.parse,
    ),
}
