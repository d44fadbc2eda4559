"""An encoder-decoder with attention and input feeding, in PyTorch as its users write it."""

from typing import Any


def torch_network(symbols: int, size: int) -> Any:
    """A packed bidirectional LSTM, and an LSTM cell in a loop with additive attention."""
    import torch
    from torch import nn
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    class Translator(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.source = nn.Embedding(symbols, size)
            self.encoder = nn.LSTM(size, size, bidirectional=True, batch_first=True)
            self.first = nn.Linear(2 * size, 2 * size)
            self.target = nn.Embedding(symbols, size)
            self.cell = nn.LSTMCell(2 * size, size)
            self.key = nn.Linear(2 * size, size, bias=False)
            self.query = nn.Linear(size, size, bias=False)
            self.direction = nn.Linear(size, 1, bias=False)
            self.combine = nn.Linear(3 * size, size, bias=False)
            self.output_bias = nn.Parameter(torch.zeros(symbols))

        def forward(self, source: Any, lengths: Any, previous: Any) -> Any:
            packed = pack_padded_sequence(
                self.source(source), lengths, batch_first=True, enforce_sorted=False
            )
            memory, _ = pad_packed_sequence(self.encoder(packed)[0], batch_first=True)
            here = lengths.to(memory.device)[:, None]  # packing wants them on the host
            padding = torch.arange(memory.shape[1], device=memory.device) >= here
            summary = memory.sum(dim=1) / here
            state = torch.tanh(self.first(summary)).chunk(2, dim=-1)
            keys, fed, outputs = self.key(memory), torch.zeros_like(state[0]), []
            for x in self.target(previous).unbind(dim=1):
                state = self.cell(torch.cat([x, fed], dim=-1), state)
                scores = self.direction(torch.tanh(self.query(state[0])[:, None] + keys))[..., 0]
                weights = scores.masked_fill(padding, -1e9).softmax(dim=-1)
                seen = torch.bmm(weights[:, None], memory)[:, 0]
                fed = torch.tanh(self.combine(torch.cat([seen, state[0]], dim=-1)))
                outputs.append(fed)
            return torch.stack(outputs, dim=1) @ self.target.weight.T + self.output_bias

    return Translator()
