package catalogue

// Years is the years from First to Last. The zero value is none.
type Years struct{ First, Last int16 }

// Has reports whether a year is one of them.
func (y Years) Has(year int16) bool { return y.First <= year && year <= y.Last }

// With returns the shortest span that has a year as well.
func (y Years) With(year int16) Years {
	if y == (Years{}) {
		return Years{year, year}
	}
	return Years{min(y.First, year), max(y.Last, year)}
}

// And returns the shortest span that has the years of both.
func (y Years) And(z Years) Years {
	if z == (Years{}) {
		return y
	}
	return y.With(z.First).With(z.Last)
}
