package judge

import (
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
)

func TestDecisionsAreChecked(t *testing.T) {
	err := Decide(t.Context(), nil, fixture.Catalogue(t), event.Decision{Kind: event.Reopen, Period: "soon", Indicator: "x", Area: "y"}, time.Now())
	for _, want := range []string{"not a period", `indicator: the catalogue has none of the name "x"`, `area: the catalogue has none of the code "y"`, "reason:", "by:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}
