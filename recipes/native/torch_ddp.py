"""The recipe lenet_mnist in PyTorch's own idiom: DDP, a sampler, torch.optim.

    torchrun --standalone --nproc_per_node=2 recipes/native/torch_ddp.py epochs=2

The model, the data, their augmentation and the recipe's numbers come from zoo.
"""

import os
import sys

import numpy as np
import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
from torch.utils.data import DataLoader, DistributedSampler

import zoo
from zoo import augment, backend, data
from zoo import recipe as recipes


def main():
    backend.use("torch")
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    device = torch.device("cuda" if cuda else "cpu")
    distributed.init_process_group("nccl" if cuda else "gloo")
    rank, size = distributed.get_rank(), distributed.get_world_size()

    recipe = recipes.override(recipes.load("lenet_mnist"), sys.argv[1:])
    dataset = data.load(recipe.data, validation=recipe.validation, seed=recipe.seed)
    model = zoo.build(recipe.model, seed=recipe.seed, **recipe.model_arguments)
    parallel = DistributedDataParallel(model.to(device))

    positions = range(len(dataset.train))
    sampler = DistributedSampler(positions, seed=recipe.seed)
    loader = DataLoader(positions, recipe.batch // size, sampler=sampler)

    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in weights if p.ndim > 1]},
            {"params": [p for p in weights if p.ndim == 1], "weight_decay": 0.0},
        ],
        lr=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
    )
    warmup = max(1, round(recipe.warmup_epochs * len(loader)))
    total = recipe.epochs * len(loader)
    schedule = SequentialLR(
        optimizer,
        [
            LinearLR(optimizer, 1 / warmup, 1.0, warmup),
            CosineAnnealingLR(optimizer, total - warmup),
        ],
        milestones=[warmup],
    )

    number = 0
    for epoch in range(recipe.epochs):
        sampler.set_epoch(epoch)
        summed = torch.zeros((), device=device)
        for index in loader:
            images = dataset.train.inputs[index.numpy()]
            start = rank * len(images)
            images = augment.apply(images, recipe.augment, recipe.seed, number, start)
            labels = torch.from_numpy(dataset.train.targets[index.numpy()]).long()
            logits = parallel(torch.from_numpy(images).to(device), training=True)
            loss = torch.nn.functional.cross_entropy(logits, labels.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            summed += loss.detach()
            number += 1
        distributed.all_reduce(summed)
        if rank == 0:
            loss = summed.item() / size / len(loader)
            print(f"epoch {epoch + 1}/{recipe.epochs}: loss {loss:.4f}")

    images = torch.from_numpy(np.ascontiguousarray(dataset.test.inputs[rank::size]))
    with torch.inference_mode():
        found = model(images.to(device)).argmax(-1).cpu().numpy()
    right = torch.tensor((found == dataset.test.targets[rank::size]).sum()).to(device)
    distributed.all_reduce(right)
    if rank == 0:
        print(f"test accuracy: {right.item() / len(dataset.test):.2%}")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
