/**
 * The other RTP code of the comparisons. It is imported dynamically, so that type checks of the project need not fetch it.
 */
export const WERIFT_RTP = "npm:werift-rtp@0.8.9";
