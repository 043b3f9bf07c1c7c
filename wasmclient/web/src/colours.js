// Colours for the canvases. Those of the readings are drawn from OKLCH, where equal
// lightness looks equal; the others are the style sheet's.

const dark = matchMedia("(prefers-color-scheme: dark)");
const steps = 24;

let palette, named;

dark.addEventListener("change", () => { palette = named = undefined; });

// onTheme calls back when the colours change.
export const onTheme = (call) => dark.addEventListener("change", () => requestAnimationFrame(call));

// ofReading returns the colour of a reading; neighbours differ as much as can be.
export function ofReading(reading) {
  palette ??= Array.from({ length: steps }, (_, i) => {
    const tone = dark.matches ? [0.76, 0.7] : [0.63, 0.56];
    return oklch(tone[i % 2], 0.14, (250 + i * 137.508) % 360);
  });
  return palette[reading % steps];
}

// named returns a colour of the style sheet.
export function ofName(name) {
  named ??= getComputedStyle(document.documentElement);
  return resolve(named.getPropertyValue(`--${name}`));
}

// resolve picks a colour out of light-dark(a, b), which computed properties leave as it is.
function resolve(value) {
  const both = /^light-dark\(\s*([^,]+),\s*([^)]+)\)$/.exec(value.trim());
  return both ? both[dark.matches ? 2 : 1].trim() : value.trim();
}

// oklch returns the nearest sRGB colour as #rrggbb. https://bottosson.github.io/posts/oklab/
function oklch(lightness, chroma, hue) {
  const a = chroma * Math.cos((hue * Math.PI) / 180), b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const channels = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return `#${channels.map((c) => byte(c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055)).join("")}`;
}

const byte = (value) => Math.round(255 * Math.min(1, Math.max(0, value))).toString(16).padStart(2, "0");
