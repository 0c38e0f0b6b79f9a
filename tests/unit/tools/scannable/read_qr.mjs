// Reads one QR code with jsQR: rows of 0 and 1 as JSON come in, the code's text goes out.
import { readFileSync } from "node:fs";
import jsQR from "jsqr";

const rows = JSON.parse(readFileSync(0, "utf8"));
const pixels = new Uint8ClampedArray(rows.flatMap((row) => row.flatMap((dot) => [255 - 255 * dot, 255 - 255 * dot, 255 - 255 * dot, 255])));
const found = jsQR(pixels, rows[0].length, rows.length);
process.stdout.write(found === null ? "" : found.data);
