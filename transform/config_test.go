package transform

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/transform/schedule"
)

func TestConfigValidateReportsEverything(t *testing.T) {
	config := Config{Batch: 0, AckWait: time.Millisecond, SettleFor: time.Second, Schedules: []schedule.Schedule{
		{Name: "a b", Cron: "61 * * * *"}, {Name: "x", Cron: "@daily", Period: "next_year"}, {Name: "x", Cron: "@daily"},
		{Name: "manual", Cron: "@daily"}, {Name: "y", Job: "dance", Cron: "@every 1h"}, {Name: "z", Job: "check", Cron: "0 0 3 * * *", Period: "2021"}, {Name: "u", Cron: "@daily", Until: "2021"},
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
	want := []string{"transform.batch", "transform.ack_wait", "transform.schedules[0].name", "transform.schedules[0].cron", "transform.schedules[1].period", "transform.schedules[2].name",
		"transform.schedules[3].name", "transform.schedules[4].job", "transform.schedules[5].job", "transform.schedules[6].period"}
	if !slices.Equal(starts, want) {
		t.Errorf("mistakes at %v, want %v", starts, want)
	}
}
