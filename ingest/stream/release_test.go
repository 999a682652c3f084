package stream_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

func exampleRelease(name string) *event.Release {
	return &event.Release{
		Name: name, Period: "2021", Note: "统计公报", CreatedAt: 1643673600000, Basis: 123, Catalogue: "0123456789ab",
		Totals: []event.Total{{Indicator: "hnte_valid", Value: "582", Unit: "家", Stage: "estimate", Status: "A", Expected: 8, Publishable: true}},
	}
}

func TestReleasesAreKeptOnce(t *testing.T) {
	log := open(t)
	if all, err := log.Releases(soon(t)); err != nil || len(all) != 0 {
		t.Errorf("want none at first, got %v (%v)", all, err)
	}
	for _, name := range []string{"公报-2021", "b", "a"} {
		check(t, log.PublishRelease(t.Context(), exampleRelease(name)))
	}
	if err := log.PublishRelease(t.Context(), exampleRelease("b")); !errors.Is(err, stream.ErrConflict) {
		t.Errorf("want the name taken, got %v", err)
	}
	all, err := log.Releases(soon(t))
	check(t, err)
	if diff := cmp.Diff([]*event.Release{exampleRelease("a"), exampleRelease("b"), exampleRelease("公报-2021")}, all); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	one, err := log.Release(t.Context(), "公报-2021")
	check(t, err)
	if diff := cmp.Diff(exampleRelease("公报-2021"), one); diff != "" || !one.AsOf().IsZero() {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := log.Release(t.Context(), "c"); !errors.Is(err, stream.ErrNoRelease) {
		t.Errorf("want ErrNoRelease, got %v", err)
	}
}

func TestReleaseNames(t *testing.T) {
	log := open(t)
	for _, name := range []string{"", ">", "a.b", "a b", "*", "-a", "a\n"} {
		if err := event.CheckReleaseName(name); err == nil {
			t.Errorf("%q: want an error", name)
		}
		if err := log.PublishRelease(t.Context(), exampleRelease(name)); err == nil {
			t.Errorf("%q: want it refused", name)
		}
	}
}

func TestDecodeReleaseRefusesDamage(t *testing.T) {
	body, err := event.EncodeRelease(exampleRelease("a"))
	check(t, err)
	for name, data := range map[string][]byte{"cut off": body[:len(body)-1], "not compressed": []byte("{}"), "changed": append([]byte{}, append(body[:20:20], body[21:]...)...)} {
		if _, err := event.DecodeRelease(data); !event.IsPermanent(err) {
			t.Errorf("%s: want a permanent error, got %v", name, err)
		}
	}
}
