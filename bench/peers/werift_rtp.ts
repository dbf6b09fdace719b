/**
 * The other packet code of the comparisons. It is imported by this name while the program runs, so that checking the
 * project's types does not fetch what only they need.
 */
export const WERIFT_RTP = "npm:werift-rtp@0.8.9";
