"""Files as other programs make them."""

from PIL import Image, PngImagePlugin

A1111 = """a (red:1.2) ball, meadow
over two lines
Negative prompt: blurry, text
Steps: 25, Sampler: Euler a, CFG scale: 6.5, Seed: 4123456789, Size: 512x768, Model hash: abc, Model: sd "x", Lora hashes: "a: 1, b: 2", Version: v1.9"""


def png(path, texts, *, zipped=False):
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_text(name, text, zip=zipped)
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    return path
