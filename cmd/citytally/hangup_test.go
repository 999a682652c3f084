package main

import (
	"slices"
	"testing"

	"github.com/citytally/citytally/configs"
)

// What has changed in the settings is told with its path.
func TestChangedSettingsHavePaths(t *testing.T) {
	first, second := configs.Default(), configs.Default()
	second.Sink.BatchRows++
	changed, err := changedSettings(first, second)
	if want := []string{"sink.batch_rows: 100001"}; err != nil || !slices.Equal(changed, want) {
		t.Errorf("changed %q, %v; want %q", changed, err, want)
	}
}
