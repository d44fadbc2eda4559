"""What the experiments on speech share: options of hearing and of augmentation."""

from dataclasses import dataclass

from dl import Count, CountOrZero, NotNegative, Share, augment
from dl.data import sound_augment
from dl.train.sound_options import SoundFields
from dl.types import Augment
from experiments._sequences import SequenceOptions


@dataclass(frozen=True)
class SpeechOptions(SoundFields, SequenceOptions):
    """Options of training a net that hears."""

    dataset: str = ""
    filters: Count = 40
    """Bands of the log-mel spectrum."""
    stack: Count = 2
    """Frames of 10 ms in a step of the net."""
    speed: Share = 0.1
    """Recordings are played faster and slower by up to this share; slower only as far as they still
    fit the width of their batch.
    """
    noise: NotNegative = 0.0
    """Lowest ratio of signal to noise in dB; each recording draws one from here to 30 dB higher.
    0 adds no noise.
    """
    microphone: NotNegative = 0.0
    """Bands are made louder and fainter by up to this many dB, as by another microphone."""
    hidden_bands: CountOrZero = 1
    """Bands of up to 400 Hz that are taken out of each recording."""
    hidden_times: CountOrZero = 0
    """Stretches of up to 100 ms that are silenced."""


def augmentation(options: SpeechOptions, sample_rate: int) -> Augment:
    """Speed, noise and masks in frequency and time, as the options have them."""
    parts: list[Augment] = []
    if options.speed:
        parts.append(sound_augment.change_speed(1 - options.speed, 1 + options.speed))
    if options.microphone:
        parts.append(sound_augment.change_colour(options.microphone))
    if options.hidden_bands:
        parts.append(
            sound_augment.mask_frequencies(options.hidden_bands, 400.0, sample_rate=sample_rate)
        )
    if options.hidden_times:
        parts.append(sound_augment.mask_times(options.hidden_times, sample_rate // 10))
    if options.noise:
        parts.append(sound_augment.add_noise(options.noise, options.noise + 30.0))
    return augment.chain(*parts)
