package sink

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// release is a release of two totals, of which the second was not publishable.
func release(name string) *event.Release {
	return &event.Release{
		Name: name, Period: "2021", Note: "for the press", CreatedAt: receivedAt.UnixMilli(), Received: receivedAt.UnixMilli(),
		Basis: 7, Catalogue: "0123456789ab",
		Totals: []event.Total{
			{Indicator: "gdp", Value: "4444.5", Unit: "亿元", Stage: "estimate", Status: "A", Qualifier: "below", ChangeKind: "percent", ChangeReason: "BASE_MISSING", Expected: 1, Publishable: true,
				Inputs: event.NewInputs(event.Input{Area: "320812", Indicator: "gdp", Value: catalogue.Value{Coefficient: 44445, Scale: 1}, Stage: catalogue.Estimate, Sequence: 3})},
			{Indicator: "firms", Unit: "家", Status: "O", ChangeKind: "percent", ChangeReason: "VALUE_MISSING", Expected: 1, Missing: []string{"320812"}},
		},
	}
}

func releaseMessage(t testing.TB, name string) stream.Message {
	t.Helper()
	body, err := event.EncodeRelease(release(name))
	if err != nil {
		t.Fatal(err)
	}
	return stream.Message{Subject: "releases." + name, Body: body}
}

// The view of releases shows every field of a release, once, however often the release is
// delivered.
func TestReleasesAreShown(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	body, err := event.EncodeRelease(release("公报"))
	if err != nil {
		t.Fatal(err)
	}
	unbounded := release("now")
	unbounded.Received = 0
	other, err := event.EncodeRelease(unbounded)
	if err != nil {
		t.Fatal(err)
	}
	b := &releaseBlock{}
	for sequence, body := range [][]byte{body, other, body} {
		if err := b.add(&stream.Delivery{Subject: "releases.x", Body: body, Sequence: uint64(sequence + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	if b.rows() != 9 {
		t.Errorf("%d rows, want 6 totals with 3 inputs", b.rows())
	}
	for range 2 {
		if err := b.store(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	got := query(t, s, `SELECT name, note, indicator, value, qualifier, have, missing, publishable, inputs[1].sequence AS first, as_of = created_at AS bounded, basis FROM releases ORDER BY ALL`)
	want := `name,note,indicator,value,qualifier,have,missing,publishable,first,bounded,basis
now,for the press,firms,,,0,['320812'],false,0,,7
now,for the press,gdp,4444.5,below,1,[],true,3,,7
公报,for the press,firms,,,0,['320812'],false,0,1,7
公报,for the press,gdp,4444.5,below,1,[],true,3,1,7
`
	if got != want {
		t.Errorf("releases:\n%s\nwant\n%s", got, want)
	}
	// The store has all of a release, but for the order of its totals.
	copies, err := s.Releases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first, second := unbounded, release("公报")
	for _, r := range []*event.Release{first, second} {
		slices.Reverse(r.Totals)
	}
	if diff := cmp.Diff([]*event.Release{first, second}, copies); diff != "" {
		t.Errorf("copies (-want +got)\n%s", diff)
	}
}

func TestBadReleasesAreRefused(t *testing.T) {
	for name, damage := range map[string]func(*event.Release){
		"period": func(r *event.Release) { r.Period = "soon" },
		"value":  func(r *event.Release) { r.Totals[0].Value = "1e99" },
		"as of":  func(r *event.Release) { r.Received = 1 << 60 },
	} {
		r := release("bad")
		damage(r)
		body, err := event.EncodeRelease(r)
		if err != nil {
			t.Fatal(err)
		}
		b := &releaseBlock{}
		if err := b.add(&stream.Delivery{Body: body}); !event.IsPermanent(err) || b.rows() != 0 || len(b.releases) != 0 {
			t.Errorf("%s: %v, %d rows taken; want a permanent error and none", name, err, b.rows())
		}
	}
	if err := (&releaseBlock{}).add(&stream.Delivery{Body: []byte("no release")}); !event.IsPermanent(err) {
		t.Errorf("unreadable: %v, want a permanent error", err)
	}
}
