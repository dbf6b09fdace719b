/**
 * The E-model (ITU-T G.107): estimates the quality of a call from its delay and loss. Parameters that do not depend on
 * the network have the Recommendation's default values.
 *
 * The scale is that of narrowband telephony, R from 0 to 100, to which published tables refer; fullband voice sounds
 * better than it can express. The fullband scale (G.107.2, R up to 148) is not used, as few figures exist to compare.
 */

/** Basic signal-to-noise ratio Ro, and simultaneous impairment Is, at the defaults of G.107, table 2. */
const BASIC_SIGNAL_TO_NOISE = 94.77;
const SIMULTANEOUS_IMPAIRMENT = 1.41;

/** Circuit noise No in dBm0p and receive loudness rating RLR in dB, at the same defaults. */
const NOISE_DBM0P = -61.18;
const RECEIVE_LOUDNESS_DB = 2;

/** Weighted echo path loss WEPL in dB: the default. */
const ECHO_PATH_LOSS_DB = 110;

/** Talker echo loudness rating TELR in dB: the default, at which hardly anybody hears an echo. */
export const DEFAULT_TALKER_ECHO_LOSS_DB = 65;

/**
 * Equipment impairment Ie and packet-loss robustness Bpl of Opus.
 *
 * ITU-T G.113 has no values for Opus. These are from M. Alahmadi, P. Počta, H. Melvin, "An Adaptive Bitrate Switching
 * Algorithm for Speech Applications in Context of WebRTC", ACM TOMM 17(4), article 133, 2021, doi 10.1145/3458751, in
 * the authors' published table (github.com/mohaoahmadi/Opus_Codec_Quality_Evaluation): narrowband, constant bit rate,
 * random loss, 11 kbit/s, the highest rate measured on this scale. Sala's bit rate is higher, so Ie may be too high, by
 * 2 of 100 at most.
 *
 * Limits: the authors used an instrument (ITU-T P.863), no listeners, and neither in-band FEC nor redundancy. So the
 * loss to give is what remains after recovery.
 */
export const OPUS_IMPAIRMENT = 2.03;
/** Bpl, in per cent of loss: see {@linkcode OPUS_IMPAIRMENT}. */
export const OPUS_LOSS_ROBUSTNESS = 15.95;

/** Input of the estimate. */
export interface QualityInput {
  /** Mouth-to-ear delay in ms: the network and all buffers. */
  readonly oneWayDelayMs: number;
  /** Concealed frames of all frames, 0 to 1. Frames recovered by FEC or redundancy are not lost. */
  readonly lossFraction: number;
  /** BurstR, see {@linkcode burstRatio}; 1, random loss, by default. */
  readonly burstRatio?: number;
  /** TELR, the attenuation of the talker's echo, in dB; {@linkcode DEFAULT_TALKER_ECHO_LOSS_DB} by default. */
  readonly talkerEchoLossDb?: number;
}

/** The estimate. */
export interface Quality {
  /** Transmission rating R, 0 to 100. Above 90 users are very satisfied, below 60 nearly all are dissatisfied. */
  readonly rFactor: number;
  /** Mean opinion score for conversation (MOS-CQE), 1 to 4.5. */
  readonly mos: number;
}

/**
 * Estimates a call's quality: R = Ro - Is - Id - Ie,eff (G.107, section 7.1, without advantage factor).
 *
 * G.107 calls this a planning tool, no measurement.
 */
export function estimateQuality(input: QualityInput): Quality {
  const { oneWayDelayMs, lossFraction, burstRatio = 1, talkerEchoLossDb = DEFAULT_TALKER_ECHO_LOSS_DB } =
    input;
  const r = BASIC_SIGNAL_TO_NOISE - SIMULTANEOUS_IMPAIRMENT -
    delayImpairment(oneWayDelayMs, talkerEchoLossDb) -
    equipmentImpairment(lossFraction, burstRatio);
  const rFactor = Math.min(100, Math.max(0, r));
  return { rFactor, mos: mosFromR(rFactor) };
}

/**
 * The mean opinion score of a transmission rating (G.107, annex B).
 *
 * @returns 1 to 4.5; 1 for R under 6.5, where the Recommendation's cubic falls below 1.
 */
export function mosFromR(rFactor: number): number {
  if (rFactor <= 0) return 1;
  if (rFactor >= 100) return 4.5;
  return Math.max(1, 1 + 0.035 * rFactor + rFactor * (rFactor - 60) * (100 - rFactor) * 7e-6);
}

/**
 * Delay impairment Id = Idte + Idle + Idd (G.107, section 7.4, default delay sensitivity): talker echo, listener echo and
 * absolute delay. Both directions count as equal.
 *
 * @param oneWayDelayMs Mouth-to-ear delay in ms.
 * @param talkerEchoLossDb TELR in dB.
 */
export function delayImpairment(
  oneWayDelayMs: number,
  talkerEchoLossDb: number = DEFAULT_TALKER_ECHO_LOSS_DB,
): number {
  const delay = Math.max(0, oneWayDelayMs);
  return talkerEcho(delay, talkerEchoLossDb) + listenerEcho(2 * delay) + absoluteDelay(delay);
}

function talkerEcho(delayMs: number, lossDb: number): number {
  const heard = lossDb - 40 * Math.log10((1 + delayMs / 10) / (1 + delayMs / 150)) +
    6 * Math.exp(-0.3 * delayMs ** 2);
  const rating = 80 + 2.5 * (heard - 14);
  const withoutEcho = -1.5 * (NOISE_DBM0P - RECEIVE_LOUDNESS_DB);
  const half = (withoutEcho - rating) / 2;
  // The formula is slightly negative below 5 ms or with almost no echo.
  return Math.max(0, half + Math.sqrt(half ** 2 + 100) - 1) * (1 - Math.exp(-delayMs));
}

function listenerEcho(roundTripMs: number): number {
  const rating = 10.5 * (ECHO_PATH_LOSS_DB + 7) * (roundTripMs + 1) ** -0.25;
  const half = (BASIC_SIGNAL_TO_NOISE - rating) / 2;
  return half + Math.sqrt(half ** 2 + 169);
}

function absoluteDelay(delayMs: number): number {
  if (delayMs <= 100) return 0;
  const doublings = Math.log2(delayMs / 100);
  return 25 * ((1 + doublings ** 6) ** (1 / 6) - 3 * (1 + (doublings / 3) ** 6) ** (1 / 6) + 2);
}

/** Effective equipment impairment Ie,eff (G.107, section 7.5): codec and loss. */
function equipmentImpairment(lossFraction: number, burstRatio: number): number {
  const loss = 100 * Math.min(1, Math.max(0, lossFraction));
  const lossShare = loss / (loss / Math.max(1, burstRatio) + OPUS_LOSS_ROBUSTNESS);
  return OPUS_IMPAIRMENT + (95 - OPUS_IMPAIRMENT) * lossShare;
}

/**
 * BurstR of G.107: the mean length of the observed bursts over that of random loss at the same rate, 1 / (1 - loss). The
 * E-model is valid up to 2 at losses above 2 %.
 *
 * @param lost Lost frames.
 * @param bursts Runs of lost frames.
 * @param expected All frames.
 * @returns At least 1, random loss.
 */
export function burstRatio(lost: number, bursts: number, expected: number): number {
  if (bursts === 0) return 1;
  return Math.max(1, lost / bursts * (1 - lost / expected));
}
