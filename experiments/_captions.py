"""How good captions are, of pictures and of scenes whose right captions are all known."""

from dl import Dataset, Trained, caption_part, load_data
from dl.assess import bleu, cider
from dl.data.scenes import read_caption


def caption_figures(trained: Trained, data: Dataset, *, beam: int) -> dict[str, float]:
    """BLEU-4 and CIDEr-D of the test part; of scenes also the share of right captions."""
    texts, references = caption_part(trained, data, "test", beam=beam)
    figures = {"bleu": bleu(texts, references), "cider": cider(texts, references)}
    if "scenes:" in data.spec.name:
        right = [
            read_caption(text) == read_caption(own[0])
            for text, own in zip(texts, references, strict=True)
        ]
        figures["exact"] = sum(right) / len(right)
    return figures


def figures_of_parts(
    trained: Trained, data: Dataset, *, beam: int, validation: float
) -> dict[str, dict[str, float]]:
    """The figures of the test part; of scenes also apart for combinations that were held out.

    A caption of a scene is right if the grammar has it for this scene.
    """
    figures = {"captions": caption_figures(trained, data, beam=beam)}
    if data.spec.name.startswith("scenes:"):
        unseen = load_data(f"unseen-{data.spec.name}", validation=validation)
        figures["captions_unseen"] = caption_figures(trained, unseen, beam=beam)
    return figures
