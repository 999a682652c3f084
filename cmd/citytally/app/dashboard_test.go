package app

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// dashboard is what Grafana reads of a dashboard, as far as this one uses it.
type dashboard struct {
	UID    string `json:"uid"`
	Panels []struct {
		ID      int    `json:"id"`
		Type    string `json:"type"`
		Title   string `json:"title"`
		GridPos struct{ X, Y, W, H int }
		Targets []struct {
			RefID string `json:"refId"`
			Expr  string `json:"expr"`
		} `json:"targets"`
	} `json:"panels"`
	Templating struct {
		List []struct{ Name, Type, Query string }
	} `json:"templating"`
}

// Every metric that the dashboard shows exists, with the labels that it names; every part of /readyz that is told, every
// stream and every stage of the pipeline has its panel, and no two lie on each other.
func TestDashboardShowsWhatExists(t *testing.T) {
	text, err := os.ReadFile("../../../configs/grafana/operations.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	labels := documentedLabels(t)
	shown, ids, taken := "", map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("panel %q: the id %d is another's", p.Title, p.ID)
		}
		ids[p.ID] = true
		if !strings.Contains(p.Title, " / ") {
			t.Errorf("panel %q: want a title in English and Chinese", p.Title)
		}
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if other := taken[at]; other != "" || at[0] >= 24 {
					t.Fatalf("panel %q lies on %q, or beyond the edge", p.Title, other)
				}
				taken[at] = p.Title
			}
		}
		if (p.Type == "row") != (len(p.Targets) == 0) {
			t.Errorf("panel %q has %d queries", p.Title, len(p.Targets))
		}
		for _, target := range p.Targets {
			checkExpression(t, p.Title, target.Expr, labels)
			shown += target.Expr + "\n"
		}
	}
	for _, v := range d.Templating.List {
		if v.Type == "query" {
			checkExpression(t, v.Name, v.Query, labels)
		}
	}
	for _, metric := range []string{"citytally_ready", "citytally_divergences", "citytally_conservation_balanced", "citytally_stuck_seconds", "citytally_stream_bytes", "citytally_consumer_pending_messages"} {
		if !strings.Contains(shown, metric) {
			t.Errorf("nothing shows %s", metric)
		}
	}
}
