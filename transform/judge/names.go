package judge

import "github.com/citytally/citytally/transform/ledger"

// indicatorNames returns the name of an indicator in Chinese and English, as findings use it.
func (r *checks) indicatorNames(id string) (zh, en string) {
	if i, ok := r.catalogue.Indicator(id); ok {
		return i.Names()
	}
	return id, id
}

// cellNames returns a cell in words, in Chinese and English: 2022年地区生产总值, gross domestic
// product for 2022.
func (r *checks) cellNames(cell ledger.Cell) (zh, en string) {
	zh, en = r.indicatorNames(cell.Indicator)
	periodZH, periodEN := cell.Period.Names()
	return periodZH + zh, en + " for " + periodEN
}

// areaNames returns the name of an area in Chinese and English.
func (r *checks) areaNames(code string) (zh, en string) {
	if a, ok := r.catalogue.Area(code); ok {
		return a.Names()
	}
	return code, code
}
