"""Options that say how recordings are read; other options inherit them beside their own."""

from dataclasses import dataclass, replace

from dl.data.audio.listening import FILE_NAMES, Listening
from dl.data.dataset import Dataset
from dl.errors import InputError
from dl.ranges import Count, CountOrZero, NotNegative


@dataclass(frozen=True)
class SoundFields:
    """Options that say how recordings are read."""

    file_names: str = FILE_NAMES
    """What the names of files tell; where recordings lie in a folder for each class, names need no
    {label}.
    """
    sample_rate: CountOrZero = 0
    """Rate in Hz to which recordings are brought; 0 keeps theirs, which must then be one."""
    longest: NotNegative = 0.0
    """Leave out training recordings of more seconds; 0 keeps all."""
    test_speaker: str = ""
    """Test on all recordings of this speaker, and train on the others'."""

    @property
    def listening(self) -> Listening:
        """How recordings become examples."""
        return Listening(
            file_names=self.file_names,
            sample_rate=self.sample_rate,
            longest=self.longest,
            test_speaker=self.test_speaker,
        )

    def check_data(self, data: Dataset) -> None:
        """Raise an `InputError` for data that are no sound."""
        if not data.spec.sample_rate:
            raise InputError(
                f"{data.spec.name} is no sound: give a folder of recordings, audio:PATH"
            )


@dataclass(frozen=True)
class StringFields(SoundFields):
    """The same for strings of words that are joined from recordings."""

    strings: Count = 4000
    """Strings to train on."""
    test_strings: Count = 1000
    """Strings to test on."""
    most_words: Count = 7
    """Words of the longest string."""
    string_seed: CountOrZero = 0
    """Which strings are joined."""

    @property
    def listening(self) -> Listening:
        """How recordings become examples."""
        return replace(
            super().listening,
            strings=self.strings,
            test_strings=self.test_strings,
            most_words=self.most_words,
            string_seed=self.string_seed,
        )

    def check_data(self, data: Dataset) -> None:
        """Raise an `InputError` for data that are no sound with labels in order."""
        super().check_data(data)
        if data.spec.task != "transcription":
            raise InputError(
                f"{data.spec.name} has one label for a recording: give spoken_strings:PATH, or "
                "timit:PATH"
            )
