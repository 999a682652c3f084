package sink

import (
	"slices"
	"strings"
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

// A total that is the same as in a release, but for what is held since, is among what has changed.
func TestReleaseChangesTellWhatIsHeld(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	c := parseCatalogue(t, `
city: "320800"
programmes: [{id: p, name_zh: 栏目, name_en: programme}]
areas: [{code: "320800", name_zh: 市, name_en: City, kind: city}, {code: "320812", name_zh: 区, name_en: District, kind: district}]
datasets: [{id: d, periods: [year]}]
indicators: [{id: gdp, name_zh: 产值, name_en: output, programme: p, unit: 亿元, change: percent, decimals: 1, change_decimals: 2, datasets: [d]}]
`)
	if err := s.SyncCatalogue(t.Context(), c, receivedAt); err != nil {
		t.Fatal(err)
	}
	put(t, s, &releaseBlock{}, 1, releaseMessage(t, "公报"))
	now := release("").Totals[:1]
	put(t, s, &totalsBlock{}, 1, totalsMessage(t, event.TotalsBatch{Basis: 8, Period: "2021", Totals: now}))
	const changes = "SELECT indicator, total_now, difference, held_then, held_now, total_with_held_now FROM release_changes WHERE indicator = 'gdp'"
	if got := query(t, s, changes); strings.Contains(got, "gdp") {
		t.Errorf("nothing has changed:\n%s", got)
	}
	now[0].Held = &event.TotalWithHeld{Value: "4500", Holds: []string{"9:1"}, Areas: []string{"320812"}}
	put(t, s, &totalsBlock{}, 2, totalsMessage(t, event.TotalsBatch{Basis: 9, Period: "2021", Totals: now}))
	const want = "indicator,total_now,difference,held_then,held_now,total_with_held_now\ngdp,4444.5,0,[],['9:1'],4500\n"
	if got := query(t, s, changes); got != want {
		t.Errorf("changes since the release:\n%s\nwant\n%s", got, want)
	}
}
