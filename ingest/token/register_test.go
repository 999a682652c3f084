package token_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

var (
	clerk = event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}
	now   = time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)
)

func openLog(t testing.TB, broker *natsd.Server) (*stream.Log, *nats.Conn) {
	t.Helper()
	nc, err := nats.Connect("", broker.InProcess(), nats.MaxReconnects(-1))
	check(t, err)
	t.Cleanup(nc.Close)
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	check(t, err)
	return log, nc
}

// follow starts a register that follows the bucket, as a gateway's does.
func follow(t testing.TB, log *stream.Log, file *token.File) *token.Register {
	t.Helper()
	register := token.NewRegister(file, zerolog.Nop())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- register.Follow(ctx, log, "", func() {}) }()
	t.Cleanup(func() {
		cancel()
		check(t, <-done)
		if register.Current() {
			t.Error("want a register that has stopped to be uncertain")
		}
	})
	eventually(t, "register is current", register.Current)
	return register
}

func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func TestIssuedTokens(t *testing.T) {
	log, nc := openLog(t, natsdtest.Start(t))
	first, second := follow(t, log, nil), follow(t, log, nil)
	holder := token.Holder{Name: "清江浦", Role: token.District, Area: "320812", Expires: now.Add(time.Hour)}
	secret, issued, err := token.Create(t.Context(), log, city(t), holder, clerk, now)
	check(t, err)
	if len(secret) < 43 || issued.CreatedBy != clerk || !issued.CreatedAt.Equal(now) {
		t.Errorf("got %q, %+v", secret, issued)
	}
	for _, gateway := range []*token.Register{first, second} {
		eventually(t, "every gateway knows the token", func() bool {
			got, err := gateway.Lookup(secret, now)
			presented, _ := got.Presented()
			return err == nil && got.Name == holder.Name && got.Role == holder.Role && got.Area == holder.Area && got.Expires.Equal(holder.Expires) &&
				got.Token == issued.ID && presented == token.FingerprintOf(secret)
		})
		if _, err := gateway.Lookup(secret+"x", now); !errors.Is(err, token.ErrUnknown) {
			t.Errorf("want ErrUnknown, got %v", err)
		}
		if _, err := gateway.Lookup(secret, now.Add(time.Hour)); !errors.Is(err, token.ErrExpired) {
			t.Errorf("want ErrExpired, got %v", err)
		}
	}
	js, err := jetstream.New(nc)
	check(t, err)
	kv, err := js.KeyValue(t.Context(), "TOKENS")
	check(t, err)
	keys, err := kv.Keys(t.Context())
	check(t, err)
	entry, err := kv.Get(t.Context(), keys[0])
	check(t, err)
	if stored := keys[0] + string(entry.Value()); len(keys) != 1 || strings.Contains(stored, secret) || !strings.HasPrefix(keys[0], issued.ID) {
		t.Errorf("want the hash stored and never the secret, got %s", stored)
	}
	if _, err := token.Revoke(t.Context(), log, nil, "000000000000", "lost", clerk, now); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("want ErrNotFound, got %v", err)
	}
	_, err = token.Revoke(t.Context(), log, nil, issued.ID, "lost", clerk, now.Add(time.Minute))
	check(t, err)
	for _, gateway := range []*token.Register{first, second} {
		eventually(t, "every gateway knows that it is revoked", func() bool {
			_, err := gateway.Lookup(secret, now)
			return errors.Is(err, token.ErrRevoked)
		})
	}
	list, err := token.List(t.Context(), log)
	check(t, err)
	if len(list) != 1 || list[0].RevokedBy != clerk || list[0].Reason != "lost" || list[0].StateAt(now) != token.Revoked {
		t.Errorf("want who revoked it and why, got %+v", list)
	}
	if late := follow(t, log, nil); true {
		if _, err := late.Lookup(secret, now); !errors.Is(err, token.ErrRevoked) {
			t.Errorf("want a gateway that starts later to know, got %v", err)
		}
	}
}

// While a file that was there is missing from the start on, or is put back with a mistake, nobody can say
// of a token whether it is in force, but of those in the bucket; put back, it is read.
func TestMissingFileIsAwaited(t *testing.T) {
	log, _ := openLog(t, natsdtest.Start(t))
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	register := follow(t, log, token.Await(path, city(t)))
	issued, _, err := token.Create(t.Context(), log, city(t), token.Holder{Name: "n", Role: token.District, Area: "320812"}, clerk, now)
	check(t, err)
	eventually(t, "the issued token is in force", func() bool { _, err := register.Lookup(issued, now); return err == nil })
	const inFile = "a-token-of-the-tokens-file"
	want := func(state string, want error, away string) {
		t.Helper()
		_, err := register.Lookup(inFile, now)
		if why := register.FileAway(); !errors.Is(err, want) || (why == nil) != (away == "") || away != "" && !strings.Contains(why.Error(), away) {
			t.Errorf("%s: want %v and %q, got %v and %v", state, want, away, err, why)
		}
	}
	want("missing", token.ErrUncertain, "put the file back")
	check(t, os.WriteFile(path, []byte("tokens: [{"), 0o600))
	want("with a mistake", token.ErrUncertain, "correct the file")
	check(t, os.WriteFile(path, []byte(`tokens: [{area: "320804", token: `+inFile+`}]`), 0o600))
	want("put back", nil, "")
	check(t, os.WriteFile(path, []byte("tokens: []"), 0o600))
	want("without tokens", token.ErrUnknown, "")
}

func TestCreateRefusesWhatMakesNoSense(t *testing.T) {
	log, _ := openLog(t, natsdtest.Start(t))
	for want, holder := range map[string]token.Holder{
		"area of the catalogue": {Name: "x", Role: token.District, Area: "320899"},
		"want one line":         {Name: "a\x1b[31m", Role: token.District, Area: "320812"},
		"role: want":            {Name: "x", Role: "boss", Area: "320812"},
		"a time to come":        {Name: "x", Role: token.District, Area: "320812", Expires: now},
	} {
		if _, _, err := token.Create(t.Context(), log, city(t), holder, clerk, now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if list, err := token.List(t.Context(), log); err != nil || len(list) != 0 {
		t.Errorf("want nothing issued, got %v, %v", list, err)
	}
}

// A token of the file ends at every gateway when it is revoked, and nobody gets in on a guess:
// neither while the bucket is away nor by an entry that cannot be read.
func TestRevocationFailsClosed(t *testing.T) {
	broker := natsdtest.Start(t)
	log, nc := openLog(t, broker)
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	file, err := token.Generate(city(t), path)
	check(t, err)
	register := follow(t, log, file)
	secret, _ := file.Plain("320812")
	other, _ := file.Plain("320804")
	bureau, _ := file.Plain(token.AnyArea)
	id := file.Entries()[2].ID
	revoked, err := token.Revoke(t.Context(), log, file, id, "sold", clerk, now)
	check(t, err)
	if revoked.Area != "320812" {
		t.Fatalf("got %+v", revoked)
	}
	eventually(t, "the file's token is revoked", func() bool {
		_, err := register.Lookup(secret, now)
		return errors.Is(err, token.ErrRevoked)
	})
	if _, err := register.Lookup(other, now); err != nil {
		t.Errorf("want the other token as before, got %v", err)
	}

	// What a later version may write.
	js, err := jetstream.New(nc)
	check(t, err)
	kv, err := js.KeyValue(t.Context(), "TOKENS")
	check(t, err)
	keys, err := kv.Keys(t.Context())
	check(t, err)
	_, err = kv.Put(t.Context(), keys[0], []byte(`{"name":"x","role":"district","area":"320812","only":"at night"}`))
	check(t, err)
	check(t, kv.Delete(t.Context(), keys[0]))
	_, created, err := token.Create(t.Context(), log, city(t), token.Holder{Name: "n", Role: token.Analyst, Area: "*"}, clerk, now)
	check(t, err)
	eventually(t, "the register has read them", func() bool {
		list, err := token.List(t.Context(), log)
		return err == nil && len(list) == 1 && list[0].ID == created.ID
	})
	if _, err := register.Lookup(secret, now); !errors.Is(err, token.ErrRevoked) {
		t.Errorf("want a deleted or unreadable entry to end the token, got %v", err)
	}

	check(t, os.Rename(path, path+".away"))
	if _, err := register.Lookup(other, now); !errors.Is(err, token.ErrUncertain) {
		t.Errorf("want ErrUncertain while the file is away, got %v", err)
	}
	if _, err := register.Lookup("somebody-else", now); !errors.Is(err, token.ErrUnknown) {
		t.Errorf("want strangers unknown, got %v", err)
	}
	check(t, os.Rename(path+".away", path))
	if _, err := register.Lookup(other, now); err != nil {
		t.Errorf("want the token back with the file, got %v", err)
	}

	check(t, broker.Close())
	eventually(t, "the register notices that the broker is away", func() bool { return !register.Current() })
	for _, presented := range []string{other, bureau, "somebody-else"} {
		if _, err := register.Lookup(presented, now); !errors.Is(err, token.ErrUncertain) {
			t.Errorf("want ErrUncertain while the broker is away, got %v", err)
		}
	}
	if _, err := register.Lookup(secret, now); !errors.Is(err, token.ErrRevoked) {
		t.Errorf("want what is revoked to stay so, got %v", err)
	}
}

// A revocation outlives the bucket: where that is lost or an older copy of it is put back, the token
// stays revoked by ACCEPTED, a token of the file too, and who owns the streams brings it back. A
// revocation of an earlier program, which the bucket alone has, is recorded.
func TestRevocationsOutliveTheBucket(t *testing.T) {
	log, nc := openLog(t, natsdtest.Start(t))
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	file, err := token.Generate(city(t), path)
	check(t, err)
	inFile, _ := file.Plain("320812")
	idInFile := file.Entries()[2].ID
	issued, made, err := token.Create(t.Context(), log, city(t), token.Holder{Name: "n", Role: token.Analyst, Area: "*"}, clerk, now)
	check(t, err)
	for _, id := range []string{idInFile, made.ID} {
		_, err := token.Revoke(t.Context(), log, file, id, "sold", clerk, now)
		check(t, err)
	}
	js, err := jetstream.New(nc)
	check(t, err)
	lose := func(name string) {
		check(t, js.DeleteStream(t.Context(), name))
		log, _, err = stream.Setup(t.Context(), nc, stream.DefaultConfig(), false, zerolog.Nop())
		check(t, err)
	}
	refused := func() {
		t.Helper()
		register := follow(t, log, file)
		for _, secret := range []string{inFile, issued} {
			if _, err := register.Lookup(secret, now); !errors.Is(err, token.ErrRevoked) {
				t.Errorf("want ErrRevoked, got %v", err)
			}
		}
	}
	lose(stream.Tokens)
	refused()
	restored, err := token.Reconcile(t.Context(), log)
	check(t, err)
	list, err := token.List(t.Context(), log)
	check(t, err)
	if len(restored) != 2 || len(list) != 2 || list[0].StateAt(now) != token.Revoked || list[0].Reason != "sold" || list[0].RevokedBy != clerk {
		t.Errorf("brought back %v: %+v", restored, list)
	}
	lose(stream.Accepted) // as if an earlier program had revoked them
	refused()
	if restored, err := token.Reconcile(t.Context(), log); err != nil || restored != nil {
		t.Errorf("brought back again %v, %v", restored, err)
	}
	lose(stream.Tokens)
	refused()
}
