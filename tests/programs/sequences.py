"""Classifiers of sequences, and sequences for them."""

import torch
from torch import Tensor, nn


class RecurrentClassifier(nn.Module):
    """Of ``(N, L, 3)``, by the last state of an ``nn.LSTM`` or ``nn.GRU``, to logits ``(N, 4)``."""

    def __init__(self, kind: type[nn.LSTM] | type[nn.GRU]) -> None:
        super().__init__()
        self.recurrent = kind(3, 8, batch_first=True)
        self.head = nn.Linear(8, 4)

    def forward(self, input: Tensor) -> Tensor:
        logits: Tensor = self.head(self.recurrent(input)[0][:, -1])
        return logits


class PaddedTransformer(nn.Module):
    """Of ids ``(N, L)``, 0 where there is none, to logits ``(N, 3)``."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, 16, padding_idx=0)
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = nn.Linear(16, 3)

    def forward(self, input: Tensor) -> Tensor:
        padding = input == 0
        states = self.encoder(self.embedding(input), src_key_padding_mask=padding)
        kept = (~padding).unsqueeze(-1).float()
        logits: Tensor = self.head((states * kept).sum(1) / kept.sum(1))
        return logits


def padded_ids(count: int, longest: int = 7) -> Tensor:
    """Return ids of texts of 1 to ``longest`` tokens."""
    ids = torch.randint(1, 30, (count, longest))
    lengths = torch.randint(1, longest + 1, (count, 1))
    return ids.masked_fill(torch.arange(longest) >= lengths, 0)
