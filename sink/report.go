package sink

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/ingest/event"
)

// ReportRow is the latest city total of an indicator, for a report. Figures are exact
// decimals as text without trailing zeros, in Unit; "" is no figure. Names and display rules
// come from the catalogue in use; an indicator that it does not have has only its id.
type ReportRow struct {
	Indicator string `json:"indicator"`
	NameZH    string `json:"name_zh"`
	NameEN    string `json:"name_en"`
	Programme string `json:"programme"`
	Value     string `json:"value"`
	Unit      string `json:"unit"`
	Stage     string `json:"stage"`
	Status    string `json:"status"`
	Qualifier string `json:"qualifier"`
	// Change is the unrounded change on the year before, in percent or, where ChangeKind is
	// point, in percentage points. Where there is none, ChangeReason says why.
	Change         string `json:"change"`
	ChangeKind     string `json:"change_kind"`
	ChangeAbsolute string `json:"change_absolute"`
	ChangeReason   string `json:"change_reason"`
	// ChangeQualifier is that of Change or, where there is none, of ChangeAbsolute.
	// ChangeAreas are the areas because of which there is no change, and Carried those
	// carried at an earlier stage.
	ChangeQualifier string   `json:"change_qualifier,omitempty"`
	ChangeAreas     []string `json:"change_areas,omitempty"`
	Carried         []string `json:"carried,omitempty"`
	// Decimals, ChangeDecimals and Rounding are for display.
	Decimals       int      `json:"decimals"`
	ChangeDecimals int      `json:"change_decimals"`
	Rounding       string   `json:"rounding"`
	Coverage       Coverage `json:"coverage"`
	Publishable    bool     `json:"publishable"`
	// Flags are what is special about the total, such as DERIVED; never nil.
	Flags []string `json:"flags"`
	// Held is what the total would be with the figures that are held.
	Held *event.TotalWithHeld `json:"held,omitempty"`
	// Basis is the highest sequence of ACCEPTED folded in, Trigger what caused the
	// computation, and Catalogue the version by which the total was computed.
	Basis      uint64    `json:"basis"`
	Trigger    string    `json:"trigger"`
	Catalogue  string    `json:"catalogue"`
	ComputedAt time.Time `json:"computed_at"`
}

// Coverage is how many of the expected areas a total has figures of.
type Coverage struct {
	Have     int `json:"have"`
	Expected int `json:"expected"`
	// Missing are the codes of the areas without a figure of which none is held; never nil.
	Missing []string `json:"missing"`
}

const reportQuery = `SELECT t.indicator, i.name_zh, i.name_en, i.programme, t.value, t.unit, toString(t.stage), t.status, t.qualifier,
	t.change, t.change_kind, t.change_absolute, t.change_reason, i.decimals, i.change_decimals, i.rounding,
	t.have, t.expected, t.missing, t.publishable, t.flags, t.change_qualifier, t.change_areas, t.carried,
	t.held, t.held_areas, t.value_with_held, t.change_with_held, t.qualifier_with_held, t.change_qualifier_with_held, t.basis, t.trigger, t.catalogue, t.computed_at
FROM (SELECT * EXCEPT inputs FROM totals_latest WHERE period = ?) AS t
LEFT JOIN indicators AS i ON i.id = t.indicator
ORDER BY i.position = 0, i.position, t.indicator`

// Report returns the latest totals of a period in the catalogue's order.
func (s *Store) Report(ctx context.Context, period string) ([]ReportRow, error) {
	rows, err := s.conn.Query(ctx, reportQuery, period)
	if err != nil {
		return nil, fmt.Errorf("read report of %s: %w", period, err)
	}
	defer rows.Close()
	report := []ReportRow{}
	for rows.Next() {
		var r ReportRow
		var value, change, absolute, withHeld, changeWithHeld *decimal.Decimal
		var held event.TotalWithHeld
		var decimals, changeDecimals uint8
		var have, expected uint32
		if err := rows.Scan(&r.Indicator, &r.NameZH, &r.NameEN, &r.Programme, &value, &r.Unit, &r.Stage, &r.Status, &r.Qualifier,
			&change, &r.ChangeKind, &absolute, &r.ChangeReason, &decimals, &changeDecimals, &r.Rounding,
			&have, &expected, &r.Coverage.Missing, &r.Publishable, &r.Flags,
			&r.ChangeQualifier, &r.ChangeAreas, &r.Carried, &held.Holds, &held.Areas, &withHeld, &changeWithHeld, &held.Qualifier, &held.ChangeQualifier, &r.Basis, &r.Trigger, &r.Catalogue, &r.ComputedAt); err != nil {
			return nil, fmt.Errorf("read report of %s: %w", period, err)
		}
		r.Value, r.Change, r.ChangeAbsolute = figureText(value), figureText(change), figureText(absolute)
		r.Decimals, r.ChangeDecimals = int(decimals), int(changeDecimals)
		r.Coverage.Have, r.Coverage.Expected = int(have), int(expected)
		r.Coverage.Missing, r.Flags = notNil(r.Coverage.Missing), notNil(r.Flags)
		r.ChangeAreas, r.Carried = nilIfEmpty(r.ChangeAreas), nilIfEmpty(r.Carried)
		r.Held = heldOf(held, withHeld, changeWithHeld)
		report = append(report, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read report of %s: %w", period, err)
	}
	return report, nil
}

// nilIfEmpty returns nil for an empty list, which JSON leaves out.
func nilIfEmpty(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

// notNil returns an empty list for nil, which would be null in JSON.
func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
