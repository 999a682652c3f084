// Package sample holds submissions to try the pipeline with: what the eight
// areas of 淮安 and the city itself could have reported for 2020 and 2021.
//
// The city's figures of 2021 were published; the districts' behind them never
// were. Every district value here is therefore synthetic, and every row says
// so in its note. They are made, not typed: [Generate] splits each city figure
// of figures.csv in proportion to the weights of weights.csv by largest
// remainder, so that the parts add up to the whole exactly, to the last digit.
//
// figures.csv says of each city figure where it comes from:
//
//   - published: it stands in the source.
//   - chosen: it was not published, but is chosen such that the published
//     ratios and changes follow: a gross domestic product of 4444 makes 60
//     亿元 of contracts 1.4 %, a base of 948 makes 2008 an increase of 111.81 %.
//   - first: zero, for the source says that 2021 was the first time.
//   - synthetic: an invention of a plausible size, for there is no source.
//
// Figures of 2021 have the stage and the qualifier that the source gives them;
// those of 2020 are final and exact. A qualified figure (近200) is qualified in
// its largest part, the others are exact.
//
// weights.csv gives each area's weight in the economy, in industry and in
// science and technology: round numbers of a plausible order, no statistic.
//
// months.csv says which share of its year an area's figure has reached by the end
// of a month, of the indicators that are reported monthly. Months are reported
// year to date, at the stage flash, and January with February, for nobody reports
// it alone. December is a little short of the annual figure, as it is in life:
// it is not the final one.
//
// The files below 2020, 2021 and 2021-ytd are what Generate made, written by go generate
// and compared with it by a test.
package sample

//go:generate go run ./generate
