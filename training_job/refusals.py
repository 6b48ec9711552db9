"""Why a training ends that a person can do something about; known with and without TensorFlow."""


class DivergedError(RuntimeError):
    """The loss is no longer a number; the message says at which step and learning rate."""


class NoPretrainedWeightsError(RuntimeError):
    """A network's ImageNet weights are nowhere to be had; the message says where they are looked for."""


class DiskFullError(RuntimeError):
    """The training's disk has no room; the message says how much is needed."""
