/** What is wrong with a command line. */
export type UsageProblem =
  | { readonly kind: "unknown_option"; readonly option: string }
  | { readonly kind: "missing_argument"; readonly argument: string }
  | { readonly kind: "too_many_arguments"; readonly argument: string }
  | { readonly kind: "bad_value"; readonly option: string; readonly value: string }
  /** A file that an option names cannot be used. */
  | { readonly kind: "bad_file"; readonly option: string; readonly value: string; readonly detail: string }
  /** Something has to be asked at a terminal, and there is none. */
  | { readonly kind: "no_terminal"; readonly option: string }
  /** An option is of no use without another. */
  | { readonly kind: "incomplete"; readonly option: string; readonly missing: string };
