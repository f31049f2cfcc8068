// Values into brightness: windows by a table of 65,536 entries (PS3.3 C.11.2.1.2 and .3).
// MONOCHROME1 is inverted after the window, as PS3.3 C.11.6 orders.

const ENTRIES = 65536;

/** Brightness 0..255, not rounded, of a value through a window {centre, width, function}. */
export function windowed(value, window) {
  let { centre, width } = window;
  if (window.function === "SIGMOID") {
    return 255 / (1 + Math.exp((-4 * (value - centre)) / width));
  }
  if (window.function !== "LINEAR_EXACT") {
    centre -= 0.5;
    width -= 1;
  }
  if (width <= 0) return value <= centre ? 0 : 255;
  if (value <= centre - width / 2) return 0;
  if (value > centre + width / 2) return 255;
  return ((value - centre) / width + 0.5) * 255;
}

/** The least width a window function allows. */
export function leastWidth(name) {
  return name === "LINEAR" || !name ? 1 : 1e-6;
}

/** Which value a table's entry stands for, by the type of the pixels. */
function valuesOf(type, window) {
  if (type === "int16") return (entry) => (entry << 16) >> 16;
  if (type === "int8") return (entry) => (entry << 24) >> 24;
  if (type === "uint16" || type === "uint8") return (entry) => entry;
  const { low, high } = reach(window);
  return (entry) => low + ((high - low) * entry) / (ENTRIES - 1);
}

/** The values between which a window is not yet black or white; for types with too many values. */
function reach(window) {
  const half = window.function === "SIGMOID" ? 4 * window.width : window.width / 2 + 1;
  return { low: window.centre - half, high: window.centre + half };
}

/** A table from 16 bits to RGBA as one little-endian number. */
export function table(type, window, inverted) {
  const value = valuesOf(type, window);
  const gray = new Uint8ClampedArray(ENTRIES); // rounds halves to even, as the server does
  for (let entry = 0; entry < ENTRIES; entry += 1) gray[entry] = windowed(value(entry), window);
  const colours = new Uint32Array(ENTRIES);
  for (let entry = 0; entry < ENTRIES; entry += 1) {
    const level = inverted ? 255 - gray[entry] : gray[entry];
    colours[entry] = 0xff000000 | (level << 16) | (level << 8) | level;
  }
  return colours;
}

/** Draw a slice's values into RGBA pixels (a Uint32Array over ImageData). */
export function paint(slice, colours, window, pixels) {
  if (slice.samples === 3) return paintColour(slice, pixels);
  const count = pixels.length;
  const values = slice.values;
  if (slice.type === "int16" || slice.type === "int8") {
    const mask = slice.type === "int16" ? 0xffff : 0xff;
    for (let at = 0; at < count; at += 1) pixels[at] = colours[values[at] & mask];
  } else if (slice.type === "uint16" || slice.type === "uint8") {
    for (let at = 0; at < count; at += 1) pixels[at] = colours[values[at]];
  } else {
    paintWide(values, colours, reach(window), pixels);
  }
}

function paintWide(values, colours, { low, high }, pixels) {
  const scale = (ENTRIES - 1) / (high - low);
  for (let at = 0; at < pixels.length; at += 1) {
    const entry = Math.round((values[at] - low) * scale);
    // What is no number is shown as the darkest: there is nothing to see.
    pixels[at] = colours[entry > 0 ? (entry < ENTRIES ? entry : ENTRIES - 1) : 0];
  }
}

function paintColour(slice, pixels) {
  const { values } = slice;
  const shift = slice.type === "uint16" ? 8 : 0;
  for (let at = 0, from = 0; at < pixels.length; at += 1, from += 3) {
    pixels[at] =
      0xff000000 |
      ((values[from + 2] >> shift) << 16) |
      ((values[from + 1] >> shift) << 8) |
      (values[from] >> shift);
  }
}
