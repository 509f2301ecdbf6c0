"""Keras and PyTorch as contestants of the training bench (contestant.ts): the same models on the same digits, written
as their users write them. Reads one JSON command a line and answers one JSON line. Needs nothing but the library.
"""
import argparse
import json
import os
import sys
import time


def keras_contestant(images, labels, _device):
    import keras
    import tensorflow as tf

    layers = keras.layers
    x = images[..., None]
    y = labels

    def normalized_convolution(filters, size, strides):
        return [
            layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("relu"),
        ]

    def layers_of(model):
        digits = layers.Dense(10, activation="softmax")
        if model == "softmax":
            return [layers.Flatten(), digits]
        if model == "dense":
            return [layers.Flatten(), layers.Dense(200, activation="relu"), layers.Dense(60, activation="relu"), digits]
        if model == "cnn":
            return [
                layers.Conv2D(12, 3, padding="same", activation="relu"),
                layers.Conv2D(24, 6, strides=2, padding="same", activation="relu"),
                layers.Conv2D(32, 6, strides=2, padding="same", activation="relu"),
                layers.Flatten(),
                layers.Dense(200, activation="relu"),
                digits,
            ]
        return [
            *normalized_convolution(12, 3, 1),
            *normalized_convolution(24, 6, 2),
            *normalized_convolution(32, 6, 2),
            layers.Flatten(),
            layers.Dense(200, use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.Dropout(0.4),
            digits,
        ]

    def make(model):
        keras.backend.clear_session()
        net = keras.Sequential([keras.Input((28, 28, 1)), *layers_of(model)])
        net.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        return net

    class EpochClock(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.ends = []

        def on_epoch_end(self, epoch, logs=None):
            self.ends.append(time.perf_counter())

    def train(net, examples, epochs, batch_size):
        # What each call of fit prepares is paid once by whoever trains for long, so the call's first epoch is not counted.
        clock = EpochClock()
        net.fit(x[:examples], y[:examples], batch_size=batch_size, epochs=1 + epochs, verbose=0, callbacks=[clock])
        return clock.ends[-1] - clock.ends[0]

    gpus = tf.config.list_physical_devices("GPU")
    about = f"Keras {keras.__version__} on TensorFlow {tf.__version__}, {'GPU' if gpus else 'CPU'}"
    return about, make, train


def pytorch_contestant(images, labels, device_name):
    import torch
    from torch import nn

    device = torch.device("cuda" if device_name == "cuda" and torch.cuda.is_available() else "cpu")
    x = torch.from_numpy(images).unsqueeze(1).to(device)
    y = torch.from_numpy(labels).to(device)

    # The padding of 2 on either side is what "same" means for a kernel of 6 with stride 2 on an even size.
    def normalized_convolution(channels, filters, size, stride, padding):
        return [
            nn.Conv2d(channels, filters, size, stride=stride, padding=padding, bias=False),
            nn.BatchNorm2d(filters),
            nn.ReLU(),
        ]

    def layers_of(model):
        if model == "softmax":
            return [nn.Flatten(), nn.Linear(784, 10)]
        if model == "dense":
            return [nn.Flatten(), nn.Linear(784, 200), nn.ReLU(), nn.Linear(200, 60), nn.ReLU(), nn.Linear(60, 10)]
        if model == "cnn":
            return [
                nn.Conv2d(1, 12, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(12, 24, 6, stride=2, padding=2),
                nn.ReLU(),
                nn.Conv2d(24, 32, 6, stride=2, padding=2),
                nn.ReLU(),
                nn.Flatten(),
                nn.Linear(7 * 7 * 32, 200),
                nn.ReLU(),
                nn.Linear(200, 10),
            ]
        return [
            *normalized_convolution(1, 12, 3, 1, 1),
            *normalized_convolution(12, 24, 6, 2, 2),
            *normalized_convolution(24, 32, 6, 2, 2),
            nn.Flatten(),
            nn.Linear(7 * 7 * 32, 200, bias=False),
            nn.BatchNorm1d(200),
            nn.ReLU(),
            nn.Dropout(0.4),
            nn.Linear(200, 10),
        ]

    def make(model):
        net = nn.Sequential(*layers_of(model)).to(device)
        net.train()
        return net, torch.optim.Adam(net.parameters(), lr=0.001), nn.CrossEntropyLoss()

    def train(made, examples, epochs, batch_size):
        net, optimizer, criterion = made
        begun = time.perf_counter()
        for _ in range(epochs):
            order = torch.randperm(examples, device=device)
            # As in Keras, and in ours: an epoch's mean loss and accuracy are part of it.
            loss_sum = torch.zeros((), device=device)
            correct = torch.zeros((), dtype=torch.int64, device=device)
            for rows in order.split(batch_size):
                inputs, targets = x[rows], y[rows]
                optimizer.zero_grad()
                outputs = net(inputs)
                loss = criterion(outputs, targets)
                loss.backward()
                optimizer.step()
                loss_sum += loss.detach() * len(rows)
                correct += (outputs.argmax(1) == targets).sum()
            loss_sum.item(), correct.item()
        return time.perf_counter() - begun

    about = f"PyTorch {torch.__version__} eager, {device.type}, {torch.get_num_threads()} threads"
    return about, make, train


CONTESTANTS = {"keras": keras_contestant, "pytorch": pytorch_contestant}


def read_digits(folder, count):
    """Images float32 [count, 28, 28] from 0 to 1, labels int64 [count]."""
    import numpy

    images = numpy.fromfile(os.path.join(folder, "train-images-idx3-ubyte"), numpy.uint8, offset=16, count=count * 28 * 28)
    labels = numpy.fromfile(os.path.join(folder, "train-labels-idx1-ubyte"), numpy.uint8, offset=8, count=count)
    return images.reshape(-1, 28, 28).astype(numpy.float32) / 255, labels.astype(numpy.int64)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("contestant", choices=CONTESTANTS)
    parser.add_argument("--data", required=True)
    parser.add_argument("--examples", type=int, required=True)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()

    def answer(said):
        print(json.dumps(said), flush=True)

    try:
        images, labels = read_digits(args.data, args.examples)
        about, make, train = CONTESTANTS[args.contestant](images, labels, args.device)
    except ImportError as error:
        answer({"absent": str(error)})
        return
    answer({"ready": about})

    made = None
    batch_size = 0
    for line in sys.stdin:
        command = json.loads(line)
        begun = time.perf_counter()
        try:
            if "model" in command:
                made = make(command["model"])
                batch_size = command["batchSize"]
                seconds = time.perf_counter() - begun
            else:
                seconds = train(made, command["examples"], command["epochs"], batch_size)
        except Exception as error:  # whatever a library throws is this pair's result, not the end of the bench
            answer({"error": str(error).split("\n")[0]})
            continue
        answer({"seconds": seconds})


main()
