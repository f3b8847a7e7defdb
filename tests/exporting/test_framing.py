"""From pictures as people have them to images that are framed as the training images are."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageDraw
from sklearn.svm import SVC

from keras_session5.data import DATA_SETS, load_data
from keras_session5.data.digits.scaling import scale_to_28x28
from keras_session5.exporting.reading import read_images

MODEL = SimpleNamespace(
    inputs=[SimpleNamespace(shape=(None, 28, 28, 1))]
)  # all of a network that is read here


def reader(data):
    """A graph from files to images, as the exported signatures have it."""
    spec = tf.TensorSpec((None,), tf.string)
    read = tf.function(lambda files: read_images(MODEL, data, files), input_signature=[spec], autograph=False)
    return lambda files: read(tf.constant(files)).numpy()


@pytest.fixture(scope="module")
def digits():
    return load_data("digits")


@pytest.fixture(scope="module")
def framed(digits):
    return reader(digits)


@pytest.fixture(scope="module")
def framed_by_mass():
    return reader(SimpleNamespace(framing=DATA_SETS["mnist"].framing))


def file(image, kind="PNG", **options):
    written = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(written, kind, **options)
    return written.getvalue()


def seven(scale=1.0, shift=(0, 0), side=280):
    """A 7, white on black, (side, side) uint8."""
    image = Image.new("L", (side, side))
    points = [
        (60 + shift[0] + scale * x, 40 + shift[1] + scale * y) for x, y in ((0, 0), (120, 0), (40, 190))
    ]
    ImageDraw.Draw(image).line(points, fill=255, width=round(26 * scale), joint="curve")
    return np.asarray(image)


def on_ground(shape, ink, ground):
    """A digit (height, width), 0..1, in a colour on another: (height, width, 3) uint8."""
    return (np.array(ground) + shape[..., None] * (np.array(ink) - np.array(ground))).round().astype("uint8")


def picture(image, rng, number):
    """A training image of another size and colour, anywhere in a picture, in one of five kinds of file."""
    side = int(rng.integers(24, 320))
    enlarged = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BILINEAR)) / 255
    height, width = side + int(rng.integers(0, 200)), side + int(rng.integers(0, 600))
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    shape = np.zeros((height, width))
    shape[top : top + side, left : left + side] = enlarged
    ink, ground = rng.integers(0, 256, (2, 3))
    while np.abs(ink - ground).max() < 60:
        ink, ground = rng.integers(0, 256, (2, 3))
    grey = int(rng.integers(2)) * 255
    match number % 5:
        case 0:
            return file(on_ground(shape, ink, ground))
        case 1:
            return file(on_ground(shape, ink, ground), "JPEG", quality=int(rng.integers(40, 96)))
        case 2:  # ink of a colour on nothing
            return file(np.dstack([np.full((height, width, 3), ink), 255 * shape]).round().astype("uint8"))
        case 3:  # 16 bit, black on white or white on black
            return file((65535 * np.abs(grey / 255 - shape)).round().astype("uint16"))
        case _:  # grey with opacity
            return file(np.dstack([np.full((height, width), grey), 255 * shape]).round().astype("uint8"))


@pytest.mark.slow
def test_pictures_are_read_as_well_as_the_arrays_that_they_show(digits, framed):
    """Within one of a hundred by a support vector machine that forgives a small shift, as LeNet-5 does."""
    shifts = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    train = np.concatenate([np.roll(digits.train.inputs, shift, axis=(1, 2)) for shift in shifts])
    machine = SVC(C=5).fit(train.reshape(len(train), -1) / 255, np.tile(digits.train.labels, len(shifts)))
    right = np.zeros(2, int)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        rows = rng.choice(len(digits.test), 100, replace=False)
        arrays = digits.test.inputs[rows]
        pictures = framed([picture(image[..., 0], rng, number) for number, image in enumerate(arrays)])
        for kind, images in enumerate((arrays, pictures)):
            right[kind] += np.sum(machine.predict(images.reshape(100, -1) / 255) == digits.test.labels[rows])
    assert right[1] >= right[0] - 4


def test_a_file_of_a_training_image_is_that_image(digits, framed):
    for split in (digits.train, digits.test):
        np.testing.assert_array_equal(framed([file(image[..., 0]) for image in split.inputs]), split.inputs)


def by_hand(ink):
    """White on black (height, width) -> 28 x 28, in NumPy: cut out, counted in 8 x 8, enlarged."""
    ink = np.clip((ink.astype("float32") / ink.max() - 0.1) / 0.8, 0, 1)
    rows, columns = (np.flatnonzero((ink > 0.25).any(axis)) for axis in (1, 0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = max(cut.shape)
    above, before = ((side - length) // 2 for length in cut.shape)
    square = np.zeros((side, side), "float32")
    square[above : above + cut.shape[0], before : before + cut.shape[1]] = cut
    counted = np.kron(square, np.ones((8, 8))).reshape(8, side, 8, side).mean((1, 3))  # parts of pixels too
    return scale_to_28x28(16 * counted[None] / counted.max())[0]


@pytest.mark.parametrize(
    ("scale", "shift", "side"), [(1, (0, 0), 280), (1, (17, -9), 280), (0.6, (40, 3), 280), (3, (0, 0), 999)]
)
def test_a_drawing_goes_the_way_of_the_training_digits(framed, scale, shift, side):
    (found,) = framed([file(seven(scale, shift, side))])
    np.testing.assert_allclose(found, by_hand(seven(scale, shift, side)), atol=1)
    rows, columns = (np.flatnonzero(found[:, :, 0].any(axis)) for axis in (1, 0))
    assert (rows[0], rows[-1]) == (2, 25)  # a border of two pixels
    assert abs(columns[0] - (27 - columns[-1])) <= 1


WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def in_a_corner(shape):
    wide = np.zeros((700, 1900))
    wide[-280:, -280:] = shape
    return on_ground(wide, WHITE, BLACK)


def transparent(shape, ink):
    return np.dstack([np.full((*shape.shape, 3), ink), 255 * shape]).astype("uint8")


def palette(shape):
    image = Image.fromarray(shape.astype("uint8"), "P")
    image.putpalette([255, 0, 0, 0, 0, 0])
    return image


@pytest.mark.parametrize(
    "made",
    [
        lambda shape: file(on_ground(shape, BLACK, WHITE)),
        lambda shape: file(on_ground(shape, (200, 0, 0), (0, 102, 0))),  # as light as each other
        lambda shape: file(on_ground(shape, (120, 120, 120), (140, 140, 140))),
        lambda shape: file(transparent(shape, BLACK)),
        lambda shape: file(transparent(shape, WHITE)),
        lambda shape: file(transparent(shape, (128, 128, 128))),
        lambda shape: file((65535 * (1 - shape)).astype("uint16")),
        lambda shape: file(shape < 0.5),  # one bit a pixel
        lambda shape: file(palette(shape)),
        lambda shape: file(palette(shape), transparency=0),
        lambda shape: file(in_a_corner(shape)),
    ],
    ids=[
        "black",
        "red-on-green",
        "faint",
        "black-on-nothing",
        "white-on-nothing",
        "grey-on-nothing",
        "16-bit",
        "1-bit",
        "palette",
        "palette-on-nothing",
        "corner",
    ],
)
def test_colour_ground_and_kind_of_file_do_not_matter(framed, made):
    (plain,), (found,) = framed([file(seven())]), framed([made(seven() / 255)])
    np.testing.assert_allclose(found, plain, atol=4)


def test_the_noise_of_a_jpeg_file_moves_a_digit_by_less_than_a_pixel(framed):
    shape = seven() / 255
    grey = (255 * (1 - shape)).astype("uint8")
    files = [seven(), on_ground(shape, BLACK, WHITE), grey]
    (plain, *found) = framed([file(files[0]), *(file(image, "JPEG", quality=90) for image in files[1:])])
    for image in found:
        assert np.abs(image - plain).mean() < 5  # of 255; a shift by a pixel makes 14


@pytest.mark.parametrize(
    "empty",
    [
        file(np.zeros((280, 280), "uint8")),
        file(np.full((280, 280), 255, "uint8")),
        file(np.zeros((40, 90, 4), "uint8")),
        file(np.full((30, 30, 3), (10, 200, 90), "uint8"), "JPEG"),
        file(np.zeros((28, 28), "uint8")),
    ],
    ids=["black", "white", "transparent", "jpeg", "28x28"],
)
def test_an_empty_image_is_refused_with_a_sentence(framed, empty):
    with pytest.raises(tf.errors.InvalidArgumentError, match="This one is empty: nothing contrasts"):
        framed([file(seven()), empty])


def test_a_dot_is_a_digit_of_some_kind(framed):
    dot = np.zeros((280, 280), "uint8")
    dot[3, 5] = 255
    assert framed([file(dot)])[0, 2:26, 2:26].min() == 255


@pytest.mark.parametrize(("scale", "shift"), [(1, (0, 0)), (0.5, (90, 40)), (0.2, (0, 150))])
def test_digits_of_mnist_have_their_mass_in_the_middle_of_twenty_pixels(framed_by_mass, scale, shift):
    (found,) = framed_by_mass([file(255 - seven(scale, shift))])
    rows, columns = (np.flatnonzero(found[:, :, 0].any(axis)) for axis in (1, 0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    for axis in (0, 1):
        centre = np.average(np.arange(28), weights=found[:, :, 0].sum(axis))
        assert abs(centre - 14) <= 0.51
    np.testing.assert_array_equal(framed_by_mass([file(found[:, :, 0].astype("uint8"))])[0], found)


def test_clothes_are_taken_as_they_are():
    image = np.random.default_rng(0).integers(0, 256, (28, 28), "uint8")
    assert DATA_SETS["fashion_mnist"].framing is None
    found = reader(SimpleNamespace(framing=None))([file(image), file(np.zeros((9, 9), "uint8"))])
    np.testing.assert_allclose(found[0, :, :, 0], image, atol=1e-3)
    assert found[1].max() == 0
