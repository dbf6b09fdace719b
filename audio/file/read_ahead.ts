/** The part of `Deno.FsFile` that {@linkcode ReadAhead} uses. */
export interface SourceFile {
  read(bytes: Uint8Array<ArrayBuffer>): Promise<number | null>;
  close(): void;
}

/** Pieces that wait to be used. */
const PIECES = 4;

/**
 * Reads a file from where it stands, a few pieces ahead of their use: a disk that has to start turning delays nobody, and
 * a long file takes no more memory than a short one.
 */
export class ReadAhead implements AsyncDisposable {
  readonly #file: SourceFile;
  readonly #pieceBytes: number;
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  /** Bytes that are still in the file, as far as known. */
  #bytesLeft: number;
  #closed = false;
  #error: unknown;
  #reading: Promise<void> | undefined;

  /**
   * @param file Owned from now on.
   * @param bytes How many to read; fewer if the file ends before.
   * @param pieceBytes Bytes of a piece.
   */
  constructor(file: SourceFile, bytes: number, pieceBytes: number) {
    this.#file = file;
    this.#bytesLeft = bytes;
    this.#pieceBytes = pieceBytes;
  }

  /** Whether everything was taken. */
  get ended(): boolean {
    return this.#bytesLeft === 0 && this.#pieces.length === 0 && this.#error === undefined;
  }

  /** Reads the first piece. @throws What reading it throws. */
  async start(): Promise<void> {
    await this.#readPiece();
    this.#goOn();
  }

  /** Settles when no more is being read. */
  async settled(): Promise<void> {
    while (this.#reading) await this.#reading;
  }

  /**
   * Takes the next bytes.
   *
   * @returns At most so many as asked for; none if they are not there yet, or at the end.
   * @throws What reading threw, after all bytes before that.
   */
  take(most: number): Uint8Array<ArrayBuffer> {
    const [piece] = this.#pieces;
    if (!piece) {
      if (this.#error !== undefined) throw this.#error;
      return new Uint8Array();
    }
    if (piece.length > most) this.#pieces[0] = piece.subarray(most);
    else {
      this.#pieces.shift();
      this.#goOn();
    }
    return piece.subarray(0, most);
  }

  /** Settles when the file is closed. On a disk that hangs it never does. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.settled();
    this.#file.close();
  }

  #goOn(): void {
    this.#reading ??= this.#readOn().then(() => this.#reading = undefined);
  }

  async #readOn(): Promise<void> {
    try {
      while (this.#bytesLeft > 0 && this.#pieces.length < PIECES && !this.#closed) await this.#readPiece();
    } catch (error) {
      this.#error = error;
      this.#bytesLeft = 0;
    }
  }

  async #readPiece(): Promise<void> {
    const piece = new Uint8Array(Math.min(this.#pieceBytes, this.#bytesLeft));
    let filled = 0;
    while (filled < piece.length) {
      const count = await this.#file.read(piece.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    this.#bytesLeft = filled < piece.length ? 0 : this.#bytesLeft - filled;
    if (filled > 0) this.#pieces.push(piece.subarray(0, filled));
  }
}
