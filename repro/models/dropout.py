"""Noise that multiplies units, dropout among it, as a function of inputs and drawn numbers."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from repro.config.vocabulary.own import contradiction
from repro.models import noise
from repro.models.noisy.layer import NoiseLayer, shape_of


@keras.saving.register_keras_serializable(package="repro")
class MultiplicativeNoise(NoiseLayer):
    """Each unit times noise of its own while training: Bernoulli, Gaussian or uniform, of one mean and one variance.

    - `bernoulli` (Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting"): 0 with
      probability `rate`. `scale` says what makes up for it. `training`: what is kept is divided by 1 - rate, and
      nothing is done afterwards (their section 10, and Keras). `test`: what is kept stays as it is, and all units are
      multiplied by 1 - rate afterwards (their section 4). `none`: nothing does.
    - `gaussian` (their section 10): normal, mean 1, variance rate / (1 - rate), which is that of `bernoulli` scaled
      in training.
    - `uniform` (Shen et al. 2018, "Continuous dropout"): uniform, of the same mean and variance. Theirs, uniform
      between 0 and 1, is rate 0.25 but for its mean of one half.

    Args:
        rate: drop probability in [0, 1), or what gives the variance.
        noise: bernoulli, gaussian or uniform.
        scale: training, test or none.
        rate_end: what the rate has become, in a straight line, after `over_updates` updates; it stays so. The first
            update has `rate`; so has a call outside of an engine.
        over_updates: see `rate_end`.
        always: whether there is noise outside of training, too.

    Raises ValueError for arguments that are out of range or contradict each other.
    """

    def __init__(
        self,
        rate: float,
        noise: str = "bernoulli",
        scale: str = "training",
        rate_end: float | None = None,
        over_updates: int | None = None,
        always: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("rate", rate), ("rate_end", rate_end)):
            if value is not None and not 0 <= value < 1:
                raise ValueError(f"{type(self).__name__}: expected {name} in [0, 1), got {value!r}")
        own = {"noise": noise, "scale": scale, "rate_end": rate_end, "over_updates": over_updates, "always": always}
        if fault := contradiction("MultiplicativeNoise", own):
            raise ValueError(f"{type(self).__name__}: {': '.join(fault)}")
        self.rate = rate
        self.noise = noise
        self.scale = scale
        self.rate_end = rate_end
        self.over_updates = over_updates
        self.always = always
        self.supports_masking = True
        self.built = True

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """`inputs` (batch, ...) times their noise while training; otherwise as they are, or times 1 - rate."""
        if self.rate == 0 and self.rate_end is None:
            return inputs
        if not (training or self.always):
            return inputs * (1.0 - self.rate) if self.scale == "test" else inputs
        drawn, rate = self.draw(shape_of(inputs)), self._rate()
        if self.noise == "gaussian":
            return inputs * (1.0 + tf.sqrt(rate / (1.0 - rate)) * noise.normal(drawn))
        if self.noise == "uniform":
            half = tf.sqrt(3.0 * rate / (1.0 - rate))  # a uniform number in [-h, h] has variance h^2 / 3
            return inputs * (1.0 + half * (2.0 * noise.uniform(drawn) - 1.0))
        if self.scale == "training":
            return apply_dropout(inputs, drawn, rate)
        return tf.where(kept(drawn, rate), inputs, tf.zeros_like(inputs))

    def _rate(self) -> Any:
        """The rate of this update: a number where it is always the same, else a float32 scalar."""
        if self.rate_end is None:
            return self.rate
        done = tf.cast(noise.current_step(), tf.float32) / tf.constant(self.over_updates, tf.float32)
        return self.rate + (self.rate_end - self.rate) * tf.minimum(done, 1.0)

    def get_config(self) -> dict[str, Any]:
        """The layer's arguments."""
        own = ("rate", "noise", "scale", "rate_end", "over_updates", "always")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


@keras.saving.register_keras_serializable(package="repro")
class Dropout(MultiplicativeNoise):
    """Inverted Bernoulli dropout, as `keras.layers.Dropout`, with noise that is a function of the seed in any engine.

    Args:
        rate: drop probability in [0, 1).
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(rate, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The layer's arguments."""
        return {**keras.layers.Layer.get_config(self), "rate": self.rate}


def apply_dropout(inputs: tf.Tensor, drawn: tf.Tensor, rate: Any) -> tf.Tensor:
    """Keep units as `kept` says, scaled by 1 / (1 - rate); `drawn` has the shape of `inputs`."""
    return tf.where(kept(drawn, rate), inputs * (1.0 / (1.0 - rate)), tf.zeros_like(inputs))


def kept(drawn: tf.Tensor, rate: Any) -> tf.Tensor:
    """Whether a number, int32 in [0, 65536), is at least rate * 65536; the rate is met to 2^-17."""
    if isinstance(rate, tf.Tensor):
        return drawn >= tf.cast(tf.round(rate * noise.LEVELS), tf.int32)
    return drawn >= round(rate * noise.LEVELS)
