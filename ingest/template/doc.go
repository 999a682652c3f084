// Package template writes forms that districts fill in and send back unchanged.
//
// In come the catalogue, an area, a dataset and a period, with the figures that are in
// force; out comes a workbook or a CSV file with a row for each indicator that the area
// reports, its names in Chinese and English, its unit, and the figures of earlier periods
// beside the cell for the new one. Package decode reads what was filled in: every label in
// the form has one meaning there.
//
// What never happens: a form holds a figure in a place that is reported, or two labels that
// mean the same.
package template
