package ingest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/token"
	"github.com/citytally/citytally/transform"
)

// scoresOf returns scores of areas as a store would have them.
func scoresOf(areas ...string) func(context.Context, int) ([]inquiry.Score, error) {
	return func(_ context.Context, year int) (scores []inquiry.Score, err error) {
		for _, area := range areas {
			scores = append(scores, inquiry.Score{Area: area, Year: uint16(year), Due: 4, InTime: 3, Late: 1, Timeliness: decimal.RequireFromString("75")})
		}
		return scores, nil
	}
}

// A district is told its own scores, the bureau those of all areas or of one, and of the year that is
// asked for.
func TestScores(t *testing.T) {
	h := open(t)
	h.transform(transform.WithScores(scoresOf("320804", "320812")))
	for _, of := range []struct{ who, query, areas string }{
		{"320812", "?year=2021", "320812"}, {token.AnyArea, "?year=2021", "320804 320812"}, {token.AnyArea, "?year=2021&area=320804", "320804"},
	} {
		a := h.do("GET", "/v1/scores"+of.query, of.who, nil, "")
		var told inquiry.Scores
		if err := json.Unmarshal(a.body, &told); err != nil || a.status != http.StatusOK || told.Year != 2021 {
			t.Fatalf("%s %s: %d %s, %v", of.who, of.query, a.status, a.body, err)
		}
		var areas []string
		for _, s := range told.Scores {
			areas = append(areas, s.Area)
			if s.Timeliness.String() != "75" || s.Year != 2021 {
				t.Errorf("%s %s: %+v", of.who, of.query, s)
			}
		}
		if got := strings.Join(areas, " "); got != of.areas {
			t.Errorf("%s %s: scores of %s, want %s", of.who, of.query, got, of.areas)
		}
	}
	for query, status := range map[string]int{"?area=320804": http.StatusForbidden, "?year=21": http.StatusBadRequest, "?year=x": http.StatusBadRequest, "?month=3": http.StatusBadRequest} {
		if a := h.do("GET", "/v1/scores"+query, "320812", nil, ""); a.status != status {
			t.Errorf("%s: %d %s, want %d", query, a.status, a.body, status)
		}
	}
}
