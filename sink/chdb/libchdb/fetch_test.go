package libchdb

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

func TestFetch(t *testing.T) {
	s := newSource(t)
	cache := t.TempDir()
	var stages []Stage
	f := s.fetcher(t, cache, func(p Progress) {
		if len(stages) == 0 || stages[len(stages)-1] != p.Stage {
			stages = append(stages, p.Stage)
		}
	})
	path, err := f.fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, s.library) {
		t.Fatalf("library has %d bytes (%v), want %d", len(got), err, len(s.library))
	}
	wantOnly(t, f.dir, "fetch.lock", "libchdb.so", "libchdb.so.json")
	if len(stages) != 4 || stages[0] != StageDownload || stages[1] != StageVerify || stages[2] != StageUnpack || stages[3] != StageDone {
		t.Errorf("stages were %q", stages)
	}

	stages = nil
	if again, err := f.fetch(t.Context()); again != path || err != nil {
		t.Errorf("second fetch: %q, %v", again, err)
	}
	if n := s.downloads(t); n != 1 || stages != nil {
		t.Errorf("%d downloads and stages %q for two fetches, want one and none the second time", n, stages)
	}
}

func TestFetchUnpinnedAsksNPM(t *testing.T) {
	s := newSource(t)
	s.platform.integrity, s.platform.librarySHA256, s.platform.packedSize = "", "", 0
	if _, err := s.fetcher(t, t.TempDir(), nil).fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{integrity([]byte("another package")), "", "sha1-abc"} {
		t.Setenv("FAKE_NPM_INTEGRITY", wrong)
		if _, err := s.fetcher(t, t.TempDir(), nil).fetch(t.Context()); !errors.Is(err, ErrIntegrity) {
			t.Errorf("npm reports %q: got %v, want ErrIntegrity", wrong, err)
		}
	}
}

func TestFetchRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(t *testing.T, s *source)
		is   error
		want []string
	}{
		{"other package", func(t *testing.T, s *source) { s.platform.integrity = integrity([]byte("another package")) },
			ErrIntegrity, []string{"@chdb/lib-test@1", "got sha512-", "want sha512-"}},
		{"truncated", func(t *testing.T, s *source) {
			path := os.Getenv("FAKE_NPM_TARBALL")
			if err := os.Truncate(path, s.platform.packedSize/2); err != nil {
				t.Fatal(err)
			}
		}, ErrIntegrity, nil},
		{"other library", func(t *testing.T, s *source) { s.platform.librarySHA256 = strings.Repeat("0", 64) },
			ErrIntegrity, []string{"libchdb.so has SHA-256"}},
		{"library missing", func(t *testing.T, s *source) { s.platform.library = "libchdb.dylib" },
			nil, []string{"libchdb.dylib is not in the package"}},
		{"npm fails", func(t *testing.T, s *source) { t.Setenv("FAKE_NPM_MODE", "fail") },
			nil, []string{"npm pack: exit status 1", "npm error 404 Not Found"}},
		{"no npm", func(t *testing.T, s *source) { t.Setenv("PATH", t.TempDir()) },
			ErrNoNPM, []string{"install Node.js", LibraryEnv, "clickhouse.dsn"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSource(t)
			tt.edit(t, &s)
			f := s.fetcher(t, t.TempDir(), nil)
			path, err := f.fetch(t.Context())
			if err == nil {
				t.Fatalf("fetched %s", path)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %v, want %v", err, tt.is)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to say %q", err, want)
				}
			}
			wantOnly(t, f.dir, "fetch.lock")
		})
	}
}

func TestFetchConcurrently(t *testing.T) {
	s := newSource(t)
	cache := t.TempDir()
	var group errgroup.Group
	for range 6 {
		f := s.fetcher(t, cache, nil)
		group.Go(func() error {
			_, err := f.fetch(t.Context())
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := s.downloads(t); n != 1 {
		t.Errorf("%d downloads, want one", n)
	}
}

func TestFetchInterrupted(t *testing.T) {
	s := newSource(t)
	t.Setenv("FAKE_NPM_MODE", "hang")
	cache := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var once sync.Once
	f := s.fetcher(t, cache, func(p Progress) {
		if half, _ := filepath.Glob(filepath.Join(cache, "*", "fetch-*", "half.tgz")); len(half) == 1 {
			once.Do(cancel)
		}
	})
	began := time.Now()
	if _, err := f.fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want %v", err, context.Canceled)
	}
	if took := time.Since(began); took > npmGrace {
		t.Errorf("took %s: npm's own child was not killed", took)
	}
	wantOnly(t, f.dir, "fetch.lock")

	// What a process that was itself killed leaves behind goes with the next fetch.
	if err := os.MkdirAll(filepath.Join(f.dir, "fetch-1", "npm-cache"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FAKE_NPM_MODE", "")
	if _, err := f.fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantOnly(t, f.dir, "fetch.lock", "libchdb.so", "libchdb.so.json")
}

func TestFetchWaitEndsWithContext(t *testing.T) {
	s := newSource(t)
	cache := t.TempDir()
	f := s.fetcher(t, cache, nil)
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	unlock, err := f.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	second := s.fetcher(t, cache, func(p Progress) {
		if p.Stage == StageWait {
			cancel()
		}
	})
	if _, err := second.fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

func TestFetchNoticesDamage(t *testing.T) {
	overwrite := func(data []byte) func(*testing.T, *fetcher) {
		return func(t *testing.T, f *fetcher) {
			if err := os.WriteFile(f.libraryPath(), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	same := bytes.Repeat([]byte("engine"), 10_000)
	other := append(bytes.Repeat([]byte("engine"), 9_999), "ENGINE"...)
	dropRecord := func(t *testing.T, f *fetcher) {
		if err := os.Remove(f.recordPath()); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name      string
		damage    func(*testing.T, *fetcher)
		downloads int // in all
	}{
		{"cut short", overwrite(same[:100]), 2},
		{"same size, other bytes", overwrite(other), 2},
		{"touched only", overwrite(same), 1},
		{"record lost", dropRecord, 1},
		{"record lost, other bytes", func(t *testing.T, f *fetcher) { dropRecord(t, f); overwrite(other)(t, f) }, 2},
		{"library lost", func(t *testing.T, f *fetcher) {
			if err := os.Remove(f.libraryPath()); err != nil {
				t.Fatal(err)
			}
		}, 2},
		{"record garbled", func(t *testing.T, f *fetcher) {
			if err := os.WriteFile(f.recordPath(), []byte("{"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSource(t)
			f := s.fetcher(t, t.TempDir(), nil)
			if _, err := f.fetch(t.Context()); err != nil {
				t.Fatal(err)
			}
			tt.damage(t, f)
			path, err := f.fetch(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, s.library) {
				t.Errorf("library is not the packaged one (%v)", err)
			}
			if n := s.downloads(t); n != tt.downloads {
				t.Errorf("%d downloads, want %d", n, tt.downloads)
			}
			if !f.recorded() {
				t.Error("the next fetch would look again")
			}
		})
	}
}

func TestNamedLibrary(t *testing.T) {
	file := filepath.Join(t.TempDir(), "libchdb.so")
	if err := os.WriteFile(file, []byte("library"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path, want string // want: in the error; empty for none
	}{
		{"file", file, ""},
		{"absent", file + ".1", "no such file"},
		{"directory", filepath.Dir(file), "is not a file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv(LibraryEnv, tt.path)
			got, err := Fetch(t.Context(), Config{CacheDir: t.TempDir()})
			if tt.want == "" {
				if err != nil || got != file {
					t.Fatalf("got %q, %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), LibraryEnv) {
				t.Errorf("got %v, want it to say %q and name %s", err, tt.want, LibraryEnv)
			}
		})
	}
}

func TestPlatforms(t *testing.T) {
	for _, name := range []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"} {
		goos, goarch, _ := strings.Cut(name, "/")
		p, err := platformOf(goos, goarch)
		if err != nil || p.version != libraryVersion || p.library == "" {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	_, err := platformOf("plan9", runtime.GOARCH)
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "clickhouse.dsn") {
		t.Errorf("got %v, want ErrUnsupported with the alternative", err)
	}
}

func TestPrintProgress(t *testing.T) {
	var out strings.Builder
	show := PrintProgress(&out)
	for _, p := range []Progress{
		{Stage: StageDownload, Total: 178e6},
		{Stage: StageDownload, Done: 10e6, Total: 178e6, Elapsed: time.Second},
		{Stage: StageDownload, Done: 89e6, Total: 178e6, Elapsed: 4 * time.Second},
		{Stage: StageDownload, Done: 90e6, Total: 178e6, Elapsed: 5 * time.Second},
		{Stage: StageDownload, Done: 178e6, Total: 178e6, Elapsed: 7 * time.Second},
		{Stage: StageVerify, Elapsed: 8 * time.Second},
		{Stage: StageUnpack, Total: 566e6, Elapsed: 8 * time.Second},
		{Stage: StageUnpack, Done: 283e6, Total: 566e6, Elapsed: 9 * time.Second},
		{Stage: StageDone, Elapsed: 12 * time.Second},
	} {
		show(p)
	}
	const want = `ClickHouse engine: downloading 178 MB with npm (only this once)
ClickHouse engine: downloading, 89 of 178 MB (50 %), 4 s
ClickHouse engine: downloaded, npm is finishing, 7 s
ClickHouse engine: checking the download
ClickHouse engine: unpacking, 0 of 566 MB (0 %), 8 s
ClickHouse engine: ready after 12 s
`
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
