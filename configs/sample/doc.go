// Package sample holds submissions to try the pipeline with: what the eight
// areas of 淮安 and the city itself could have reported for 2020 and 2021.
//
// The city's figures of 2021 were published; the districts' figures were not. Every district
// value here is therefore synthetic, and every row says so in its note. [Generate] computes
// them: it splits each city figure of figures.csv in proportion to the weights of
// weights.csv, by largest remainder, so that the parts add up exactly to the whole.
//
// What never happens: a number of a district passes for a published one; the same
// files give other submissions.
//
// The file figures.csv has the origin of each city figure:
//
//   - published: it is in the source.
//   - chosen: it was not published, and is chosen so that the published ratios and
//     changes follow. With a gross domestic product of 4444, contracts of 60 亿元 are
//     1.4 %; with a base of 948, 2008 is an increase of 111.81 %.
//   - first: zero, because the source says that 2021 was the first time.
//   - synthetic: invented, of a plausible size, because there is no source.
//
// Figures of 2021 have the stage and the qualifier of the source; those of 2020 are final and
// exact. Where a figure has a qualifier (近200), its largest part has it, and the other parts
// are exact.
//
// The file weights.csv has each area's weight in the economy, in industry and in science and
// technology: round numbers of a plausible size, which are no statistic.
//
// The file months.csv has the share of its annual figure that an area has reached by the end
// of each month, for the indicators that are reported monthly. Months are reported year to
// date, at the stage flash. January is reported with February. December is a little below the
// annual figure, because in practice the two differ.
//
// The file below lists is a list of enterprises that nobody has ever founded, for an indicator
// that may be reported as a number or as a list.
//
// The files below 2020, 2021, 2021-ytd and lists are the output of Generate and GenerateList,
// written by go generate. A test compares them with it.
package sample

//go:generate go run ./generate
