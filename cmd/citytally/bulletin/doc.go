// Package bulletin writes city totals for people to read: sentences in Chinese
// and English, and a page to publish, in one HTML file with its charts.
//
// In come totals as a report has them, with their past and the areas' parts; out
// goes text. The wording follows the figure: an estimate is expected (预计), a
// qualified figure keeps its qualifier (近, 超, 约), shares move by percentage
// points (百分点), and a change that cannot be told says why. Figures are
// rounded here and nowhere before, as the catalogue says.
//
// What never happens: a figure that the totals do not have; a resource that the
// page would load from elsewhere.
package bulletin
