/** Size of the header of {@linkcode wavHeader}. */
export const WAV_HEADER_BYTES = 44;

const SAMPLE_BYTES = 2;
/** WAVE_FORMAT_PCM of Microsoft's `mmreg.h`: uncompressed integers. */
const FORMAT_INTEGER = 1;
const FORMAT_CHUNK_BYTES = 16;
/** Largest size, of 32 bits; players take it for "to the end of the file". */
const LARGEST_SIZE = 0xffff_ffff;

/**
 * Makes the header of a WAV file of mono signed 16-bit samples.
 *
 * @param dataBytes Bytes of samples after the header.
 * @param sampleRate In Hz.
 */
export function wavHeader(dataBytes: number, sampleRate: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(WAV_HEADER_BYTES);
  const view = new DataView(header.buffer);
  const letters = (offset: number, text: string) => header.set(new TextEncoder().encode(text), offset);
  letters(0, "RIFF");
  view.setUint32(4, Math.min(LARGEST_SIZE, WAV_HEADER_BYTES - 8 + dataBytes), true);
  letters(8, "WAVE");
  letters(12, "fmt ");
  view.setUint32(16, FORMAT_CHUNK_BYTES, true);
  view.setUint16(20, FORMAT_INTEGER, true);
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * SAMPLE_BYTES, true); // bytes a second
  view.setUint16(32, SAMPLE_BYTES, true); // bytes a sample of all channels
  view.setUint16(34, 8 * SAMPLE_BYTES, true);
  letters(36, "data");
  view.setUint32(40, Math.min(LARGEST_SIZE, dataBytes), true);
  return header;
}
