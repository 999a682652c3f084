package access_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/configs/credentials"
	"github.com/citytally/citytally/ingest/stream"
)

// as returns a client of the broker's streams that is one of its users.
func as(t *testing.T, url string, store *credentials.Store, user string) jetstream.JetStream {
	t.Helper()
	login, _ := access.Login(store, user)
	nc, err := nats.Connect(url, login)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// setUp creates the streams as the administrator, with one message on every subject there is.
func setUp(t *testing.T, url string, store *credentials.Store) jetstream.JetStream {
	t.Helper()
	js := as(t, url, store, access.Admin)
	if _, _, err := stream.Setup(t.Context(), js.Conn(), stream.DefaultConfig(), false, zerolog.Nop()); err != nil {
		t.Fatal(err)
	}
	publishers := map[string]jetstream.JetStream{"dead.sink": as(t, url, store, access.Sink)}
	repair := as(t, url, store, access.Repair)
	for _, subject := range []string{
		"submissions.320804.d", "accepted.320804.d", "verdicts.320804.d", "verdicts.320812.d", "totals.2021", "releases.r", "commands.recompute", "dead.sink",
	} {
		if _, err := cmp.Or(publishers[subject], repair).Publish(t.Context(), subject, []byte(subject)); err != nil {
			t.Fatal(err)
		}
	}
	return js
}

// contents is where each stream ends and how many messages it has.
func contents(t *testing.T, js jetstream.JetStream) string {
	t.Helper()
	var text strings.Builder
	for _, name := range append(stream.Names(), stream.Tokens, stream.Schedules) {
		s, err := js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		info := s.CachedInfo()
		config, err := json.Marshal(info.Config)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "%s %d %d %s\n", name, info.State.Msgs, info.State.LastSeq, config)
	}
	return text.String()
}

// Whatever reply subject a district names, nothing is stored for another area, and no stream but
// DIRECT changes.
func TestDistrictReachesItsWayInAlone(t *testing.T) {
	seed, key := makeKey(t, "320812")
	broker, store := start(t, key)
	js := setUp(t, broker.ClientURL(), store)
	p := probe(t, broker.ClientURL(), asDistrict(t, seed, "320812"))
	before := contents(t, js)
	sent := 0
	for _, subject := range []string{"submissions.320812.d", "$JS.API.DIRECT.GET.VERDICTS.verdicts.320812.d"} {
		for _, reply := range slices.Concat(published(), []string{"submissions.320804.d", "direct.320804.d", "accepted.320804.d", "$JS.API.STREAM.PURGE.TOTALS", "$JS.API.STREAM.UPDATE.TOTALS"}) {
			for _, body := range []string{`{}`, `{"name":"TOTALS","subjects":["totals.*"],"max_msgs":1}`, `{"seq":1}`, `{"last_by_subj":"verdicts.320804.d"}`} {
				if err := p.PublishRequest(subject, reply, []byte(body)); err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(subject, "submissions.") && !strings.HasPrefix(reply, "$JS.ACK.") {
					sent++
				}
			}
		}
	}
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	// A last message, whose receipt comes after everything before it has been done.
	receipt := request(t, p.Conn, "submissions.320812.last", nil)
	if receipt.Stream != stream.Direct {
		t.Errorf("the receipt is of %q", receipt.Stream)
	}
	// nats-server takes an answer of Direct Get to a reply subject that is an import for a request
	// on it, with words of its own in place of area and dataset. Those are nobody's area.
	direct, err := js.Stream(t.Context(), stream.Direct)
	if err != nil {
		t.Fatal(err)
	}
	info, err := direct.Info(t.Context(), jetstream.WithSubjectFilter(">"))
	if err != nil {
		t.Fatal(err)
	}
	if got := info.State.Subjects["direct.320812.d"]; got != uint64(sent) {
		t.Errorf("DIRECT has %d messages of the district, want %d", got, sent)
	}
	for subject := range info.State.Subjects {
		for _, other := range []string{"320804", "a"} {
			if strings.HasPrefix(subject, "direct."+other+".") {
				t.Errorf("a district has published on %s", subject)
			}
		}
	}
	if got := withoutDirect(contents(t, js)); got != withoutDirect(before) {
		t.Errorf("another stream has changed:\nbefore\n%safter\n%s", before, got)
	}
}

func withoutDirect(contents string) string {
	_, others, _ := strings.Cut(contents, "\n")
	return others
}

// Headers by which a message could be more than a message are refused or without effect.
func TestHeadersOfDistricts(t *testing.T) {
	seed, key := makeKey(t, "320812")
	broker, store := start(t, key)
	js := setUp(t, broker.ClientURL(), store)
	p := probe(t, broker.ClientURL(), asDistrict(t, seed, "320812"))
	before := contents(t, js)
	for name, header := range map[string]nats.Header{
		"an open batch": {"Nats-Batch-Id": {"x"}, "Nats-Batch-Sequence": {"1"}},
		"a rollup":      {"Nats-Rollup": {"all"}},
		"a schedule":    {"Nats-Schedule": {"@every 1s"}, "Nats-Schedule-Target": {"accepted.320804.d"}},
		"a life time":   {"Nats-TTL": {"1s"}},
		"a counter":     {"Nats-Incr": {"1"}},
	} {
		m := &nats.Msg{Subject: "submissions.320812.d", Header: header, Data: []byte("{}")}
		answer, err := p.RequestMsg(m, 10*time.Second)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !strings.Contains(string(answer.Data), `"error"`) {
			t.Errorf("%s is taken: %s", name, answer.Data)
		}
	}
	for range 60 {
		m := &nats.Msg{Subject: "submissions.320812.d", Header: nats.Header{"Nats-Batch-Id": {nats.NewInbox()}, "Nats-Batch-Sequence": {"1"}}}
		if err := p.PublishMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, js); got != before {
		t.Errorf("a stream has changed:\nbefore\n%safter\n%s", before, got)
	}
	// None of the batches that were left open keeps the gateway from its own.
	gatewayLogin, _ := access.Login(store, access.Gateway)
	nc, err := nats.Connect(broker.ClientURL(), gatewayLogin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	log, err := stream.Attach(nc, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Publish(t.Context(), stream.Message{Subject: "submissions.320804.d"}, stream.Message{Subject: "submissions.320804.d"}); err != nil {
		t.Errorf("a batch of the gateway is refused: %v", err)
	}
}

// A district has the newest verdict on its own datasets, and no other message of any stream.
func TestDistrictReadsItsOwnVerdicts(t *testing.T) {
	seed, key := makeKey(t, "320812")
	broker, store := start(t, key)
	setUp(t, broker.ClientURL(), store)
	p := probe(t, broker.ClientURL(), asDistrict(t, seed, "320812"))
	const own = "$JS.API.DIRECT.GET.VERDICTS.verdicts.320812.d"
	answer, err := p.Request(own, nil, 10*time.Second)
	if err != nil || string(answer.Data) != "verdicts.320812.d" {
		t.Errorf("its own verdict: %q, %v", answer.Data, err)
	}
	for _, body := range []string{`{"seq":1}`, `{"last_by_subj":"verdicts.320804.d"}`, `{"next_by_subj":"verdicts.>","seq":1}`, `{"multi_last":["verdicts.>"]}`, `{"batch":9,"seq":1,"next_by_subj":">"}`} {
		answer, err := p.Request(own, []byte(body), 10*time.Second)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if strings.Contains(string(answer.Data), "320804") {
			t.Errorf("%s: the district reads %q", body, answer.Data)
		}
	}
}

// A district hears the reminders of its area, and of no other.
func TestDistrictHearsItsReminders(t *testing.T) {
	seed, key := makeKey(t, "320812")
	broker, store := start(t, key)
	p := probe(t, broker.ClientURL(), asDistrict(t, seed, "320812"))
	own, err := p.SubscribeSync("reminders.320812.*")
	if err != nil {
		t.Fatal(err)
	}
	if denied := p.allowed(t, []string{"reminders.*.*", "reminders.320804.*", "reminders.>"}, func(s string) error { _, err := p.SubscribeSync(s); return err }); denied["reminders.*.*"] || denied["reminders.320804.*"] || denied["reminders.>"] {
		t.Errorf("it may listen to others: %v", denied)
	}
	log := func(user string) *stream.Log {
		login, _ := access.Login(store, user)
		nc, err := nats.Connect(broker.ClientURL(), login)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		log, err := stream.Attach(nc, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		return log
	}
	transform := log(access.Transform)
	for _, area := range []string{"320804", "320812"} {
		if err := transform.Announce(t.Context(), "reminders."+area+".d", "id", []byte(area)); err != nil {
			t.Fatal(err)
		}
	}
	m, err := own.NextMsg(10 * time.Second)
	if err != nil || string(m.Data) != "320812" {
		t.Errorf("its own reminder: %v, %v", m, err)
	}
	if _, denied := errors.AsType[*stream.DeniedError](log(access.Gateway).Announce(t.Context(), "reminders.320812.d", "id", nil)); !denied {
		t.Error("the gateway reminds")
	}
}

// A district hears the verdicts of its area as they are stored, and of no other. What another
// district has the broker answer on its subjects is none: a verdict names the subject of VERDICTS
// that it was stored on, in a header that no district can set.
func TestDistrictHearsItsVerdicts(t *testing.T) {
	seed, key := makeKey(t, "320812")
	otherSeed, otherKey := makeKey(t, "320804")
	broker, store := start(t, key, otherKey)
	setUp(t, broker.ClientURL(), store)
	repair := as(t, broker.ClientURL(), store, access.Repair)
	p := probe(t, broker.ClientURL(), asDistrict(t, seed, "320812"))
	other := probe(t, broker.ClientURL(), asDistrict(t, otherSeed, "320804"))
	results, err := p.SubscribeSync("results.320812.*")
	if err != nil {
		t.Fatal(err)
	}
	if may := p.allowed(t, []string{"results.>", "results.*.*", "results.320804.*", "results.320804.d"}, func(s string) error { _, err := p.SubscribeSync(s); return err }); slices.Contains(slices.Collect(maps.Values(may)), true) {
		t.Errorf("it may listen to others: %v", may)
	}
	if may := other.allowed(t, []string{"results.320812.d", "results.320804.d"}, func(s string) error { return other.Publish(s, []byte("forged")) }); may["results.320812.d"] || may["results.320804.d"] {
		t.Errorf("it may publish results: %v", may)
	}
	isVerdict := func(m *nats.Msg) bool {
		return m.Header.Get("Nats-Stream") == stream.Verdicts && m.Header.Get("Nats-Subject") == "verdicts.320812.d"
	}
	header := nats.Header{"Nats-Stream": {stream.Verdicts}, "Nats-Subject": {"verdicts.320812.d"}}
	for _, subject := range []string{"submissions.320804.d", "$JS.API.DIRECT.GET.VERDICTS.verdicts.320804.d"} {
		for _, h := range []nats.Header{nil, header} {
			if err := other.PublishMsg(&nats.Msg{Subject: subject, Reply: "results.320812.d", Header: h, Data: []byte("{}")}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := other.Flush(); err != nil {
		t.Fatal(err)
	}
	request(t, other.Conn, "submissions.320804.last", nil) // what came before it has been answered
	for _, subject := range []string{"verdicts.320804.d", "verdicts.320812.d"} {
		if _, err := repair.PublishMsg(t.Context(), &nats.Msg{Subject: subject, Header: nats.Header{"Citytally-Direct": {"7"}}, Data: []byte(subject)}); err != nil {
			t.Fatal(err)
		}
	}
	for {
		m, err := results.NextMsg(10 * time.Second)
		if err != nil {
			t.Fatalf("no verdict is heard: %v", err)
		}
		if !isVerdict(m) {
			continue
		}
		if string(m.Data) != "verdicts.320812.d" || m.Header.Get("Citytally-Direct") != "7" {
			t.Errorf("forged, or without its headers: %q %v", m.Data, m.Header)
		}
		break
	}
}

// However many connections districts open, the stages get theirs.
func TestDistrictsLeaveConnectionsToOthers(t *testing.T) {
	seed, key := makeKey(t, "320812")
	broker, store := start(t, key)
	opened := 0
	for range 2000 {
		nc, err := nats.Connect(broker.ClientURL(), asDistrict(t, seed, "320812"), nats.NoReconnect())
		if err != nil {
			break
		}
		defer nc.Close()
		opened++
	}
	if opened == 2000 {
		t.Error("a district opens as many connections as it likes")
	}
	login, _ := access.Login(store, access.Gateway)
	nc, err := nats.Connect(broker.ClientURL(), login)
	if err != nil {
		t.Fatalf("the gateway: %v", err)
	}
	nc.Close()
}

// A key that was revoked is out at once, also where its connection is open.
func TestRevokedKeyIsCutOff(t *testing.T) {
	seed, key := makeKey(t, "320812")
	otherSeed, other := makeKey(t, "320804")
	broker, store := start(t, key, other)
	closed := make(chan struct{})
	connect := func(seed, area string, options ...nats.Option) (*nats.Conn, error) {
		return nats.Connect(broker.ClientURL(), append(options, asDistrict(t, seed, area), nats.NoReconnect())...)
	}
	nc, err := connect(seed, "320812", nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	key.RevokedAt = time.Now()
	if err := broker.SetAccess(access.Secrets(store) + access.Text([]access.Key{key, other})); err != nil {
		t.Fatal(err)
	}
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("the connection of a revoked key is open")
	}
	if again, err := connect(seed, "320812"); err == nil {
		t.Error("a revoked key gets in")
		again.Close()
	}
	still, err := connect(otherSeed, "320804")
	if err != nil {
		t.Fatalf("another district: %v", err)
	}
	still.Close()
}

func request(t *testing.T, nc *nats.Conn, subject string, body []byte) (receipt jetstream.PubAck) {
	t.Helper()
	answer, err := nc.Request(subject, body, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(answer.Data, &receipt); err != nil {
		t.Fatal(err)
	}
	return receipt
}
