package inquiry

import (
	"context"

	"github.com/citytally/citytally/ingest/stream"
)

// TotalsSubject is the subject of questions for the city's totals.
const TotalsSubject = "inquiries.totals"

// WantedTotals are the city's totals of a period that are asked for, with the parts of an area;
// with those of every area where Area is "". Where Indicator is not "", its total alone is wanted;
// who answers may be of a version that sends all.
type WantedTotals struct {
	Period    string `json:"period"`
	Area      string `json:"area,omitempty"`
	Indicator string `json:"indicator,omitempty"`
}

// Totals are the city's totals of a period, in the catalogue's order.
type Totals struct {
	// Basis is the sequence of ACCEPTED up to which the answer counts everything.
	Basis  uint64      `json:"basis"`
	Totals []CityTotal `json:"totals"`
}

// CityTotal is a city total with parts of it.
type CityTotal struct {
	Indicator string `json:"indicator"`
	Period    string `json:"period"`
	Unit      string `json:"unit"`
	Total
	Parts []Part `json:"parts"`
}

// Part is a figure that went into a total, in the unit of its indicator.
type Part struct {
	Area       string `json:"area"`
	Indicator  string `json:"indicator"`
	Value      string `json:"value"`
	Stage      string `json:"stage"`
	Qualifier  string `json:"qualifier,omitempty"`
	Submission string `json:"submission"`
	// Period is the period that was reported, where it is not the total's; the figure is
	// subtracted where Subtracted.
	Period     string `json:"period,omitempty"`
	Subtracted bool   `json:"subtracted,omitempty"`
}

// AskTotals asks for the city's totals of a period.
func AskTotals(ctx context.Context, log *stream.Log, wanted WantedTotals) (Totals, error) {
	return ask[Totals](ctx, log, TotalsSubject, wanted)
}
