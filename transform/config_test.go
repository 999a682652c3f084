package transform

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/transform/reconcile"
)

func TestConfigValidateReportsEverything(t *testing.T) {
	config := Config{Batch: 0, AckWait: time.Millisecond, SettleFor: time.Second, Schedules: []reconcile.Schedule{
		{Name: "a b", Cron: "61 * * * *"}, {Name: "x", Cron: "@daily", Period: "next_year"}, {Name: "x", Cron: "@daily"},
	}}
	err := config.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	var starts []string
	for _, e := range strict.Flatten(err) {
		path, _, _ := strings.Cut(e.Error(), ":")
		starts = append(starts, path)
	}
	want := []string{"transform.batch", "transform.ack_wait", "transform.schedules[0].name", "transform.schedules[0].cron", "transform.schedules[1].period", "transform.schedules[2].name"}
	if !slices.Equal(starts, want) {
		t.Errorf("mistakes at %v, want %v", starts, want)
	}
}
