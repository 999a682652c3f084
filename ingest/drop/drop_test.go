package drop_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/ingest/drop"
	"github.com/citytally/citytally/ingest/internal/fixture"
	"github.com/citytally/citytally/ingest/natsd"
)

// bomb is a small zip file with much in it.
func bomb(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("figures.csv")
	check(t, err)
	_, err = f.Write(append([]byte("indicator,period,value\n"), bytes.Repeat([]byte("0"), 32<<20)...))
	check(t, err)
	check(t, z.Close())
	return b.String()
}

// Files end in done or refused with their verdict, and what is no whole file of the area stays.
func TestFilesEndWithTheirVerdict(t *testing.T) {
	h := open(t)
	h.put("320812/.hidden.csv", figure("1"))
	h.put("320812/~$a.xlsx", figure("1"))
	h.put("320812/a.csv.tmp", figure("1"))
	h.put("320812/1A2B3C40", figure("1"))
	outside := filepath.Join(t.TempDir(), "secret.csv")
	check(t, os.WriteFile(outside, []byte(figure("1")), 0o600))
	check(t, os.Symlink(outside, filepath.Join(h.dir, "320812", "link.csv")))
	check(t, os.Symlink(filepath.Dir(outside), filepath.Join(h.dir, "320812", "sti-annual")))
	check(t, os.Symlink(filepath.Join(h.dir, "320804"), filepath.Join(h.dir, "999999")))
	check(t, os.Link(outside, filepath.Join(h.dir, "320812", "hard.csv")))
	check(t, os.Mkdir(filepath.Join(h.dir, "320812", "other"), 0o770))
	h.put("320812/other/x.csv", figure("1"))
	check(t, os.Mkdir(filepath.Join(h.dir, "320804", "sti-annual"), 0o770))
	written, err := os.Create(filepath.Join(h.dir, "320804", "slow.csv"))
	check(t, err)
	_, err = written.WriteString(figure("7")[:40])
	check(t, err)
	stays := 7

	stop := h.Keep(h.watcher("one").Run)
	h.put("320812/good.csv", figure("12"))
	h.put("320812/bad.csv", figure("-1"))
	h.put("320812/scan.pdf", "%PDF-1.7\n")
	h.put("320812/bomb.zip", bomb(t))
	h.put("320812/large.csv", figure(strings.Repeat("0", fixture.MaxBody)))
	h.put("320812/other-area.csv", "area,dataset,indicator,period,value\n320804,sti-annual,hnte_valid,2021,3\n")
	h.put("320812/no-dataset.csv", "indicator,period,value\nhnte_valid,2021,3\n")
	h.put("320804/sti-annual/季报（最终）.csv", "indicator,period,value\nhnte_valid,2021,5\n")
	h.put("320804/"+strings.Repeat("长", 80)+".csv", figure("9"))

	if text := h.verdict(h.ended("320812/done", "good", 1)[0]); !strings.Contains(text, "false accepted\r\n") || !strings.Contains(text, "true accepted\r\n") {
		t.Errorf("verdict: %q", text)
	}
	bad := h.ended("320812/refused", "bad", 1)[0]
	if text := h.verdict(bad); !strings.Contains(text, "rejected") {
		t.Errorf("verdict: %q", text)
	}
	if book, err := os.ReadFile(strings.TrimSuffix(bad, ".csv") + ".verdict.xlsx"); err != nil || !bytes.HasPrefix(book, []byte("PK")) {
		t.Errorf("workbook: %v", err)
	}
	for stem, word := range map[string]string{"scan": "PDF", "bomb": "解压", "large": "过大", "other-area": "320804", "no-dataset": "请把文件放入以报表代码命名的文件夹（没有就新建一个），如 320812/sti-annual"} {
		if text := h.verdict(h.ended("320812/refused", stem, 1)[0]); !strings.Contains(text, word) || !strings.Contains(text, "Nothing was taken") {
			t.Errorf("%s: %s", stem, text)
		}
	}
	h.ended("320804/sti-annual/done", "季报（最终）", 1)
	if long := h.ended("320804/done", "长*", 1)[0]; len(filepath.Base(long)) > 255 {
		t.Error(long)
	}

	// The same name again, while the first lies in done.
	h.put("320812/good.csv", figure("13"))
	h.ended("320812/done", "good", 2)
	// A writer who takes long is waited for.
	if _, err := os.Stat(written.Name()); err != nil {
		t.Errorf("a file that is being written is gone: %v", err)
	}
	_, err = written.WriteString(figure("7")[40:])
	check(t, err)
	check(t, written.Close())
	if got, err := os.ReadFile(h.ended("320804/done", "slow", 1)[0]); err != nil || string(got) != figure("7") {
		t.Errorf("slow: %q, %v", got, err)
	}
	check(t, stop())

	left := 0
	check(t, filepath.Walk(filepath.Join(h.dir, "320812"), func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() && !strings.Contains(path, "/done/") && !strings.Contains(path, "/refused/") {
			left++
		}
		return err
	}))
	// The link in place of a dataset's folder is one of them.
	if left != stays+1 {
		t.Errorf("%d files are left, want %d", left, stays+1)
	}
	want := map[string]int{"good.csv": 2, "bad.csv": 1, "季报（最终）.csv": 1, strings.Repeat("长", 80) + ".csv": 1, "slow.csv": 1}
	if got := h.Submissions(drop.Way); !maps.Equal(got, want) {
		t.Errorf("submissions %v, want %v", got, want)
	}
}

var errKilled = errors.New("killed")

// A watcher that is killed at any step leaves a file that the next one brings to its end, without
// sending it again, although the area has sent other figures since.
func TestKilledAnywhere(t *testing.T) {
	h := open(t)
	want := map[string]int{}
	for i, step := range []string{"claimed", "sent", "told", "moved"} {
		for _, next := range []string{"same", "another"} {
			name := fmt.Sprintf("%s-%s", step, next)
			h.put("320812/"+name+".csv", figure(fmt.Sprint(100+i)))
			killed := h.watcher("same", drop.WithSteps(func(reached string) error {
				if reached == step {
					return errKilled
				}
				return nil
			}))
			if err := killed.Run(t.Context()); !errors.Is(err, errKilled) {
				t.Fatalf("%s: %v", name, err)
			}
			between := name + "-between"
			h.put("320804/"+between+".csv", figure(fmt.Sprint(200+i)))
			h.put("320812/"+between+".csv", figure(fmt.Sprint(200+i)))
			stop := h.Keep(h.watcher(next, drop.WithTakeOver(100*time.Millisecond)).Run)
			h.ended("320812/done", between, 1)
			h.ended("320804/done", between, 1)
			path := h.ended("320812/done", name, 1)[0]
			if text := h.verdict(path); !strings.Contains(text, "accepted") {
				t.Errorf("%s: %s", name, text)
			}
			check(t, stop())
			want[name+".csv"], want[between+".csv"] = 1, 2
			if left, _ := filepath.Glob(filepath.Join(h.dir, "*", ".taken", "*")); len(left) > 0 {
				t.Errorf("%s: %v is left", name, left)
			}
		}
	}
	// The same figures under another name were sent before; they are told apart by the file.
	if got := h.Submissions(drop.Way); len(got) == 0 || got["claimed-same.csv"] != 1 || got["sent-same.csv"] != 1 || got["told-same.csv"] != 1 || got["moved-same.csv"] != 1 {
		t.Errorf("submissions %v", got)
	}
}

// A file that is larger than a message goes in parts, once, though the watcher is killed among them.
func TestLargeFileGoesInParts(t *testing.T) {
	h := open(t, func(c *natsd.Config) { c.MaxPayload = 64 << 10 })
	var text strings.Builder
	text.WriteString("dataset,indicator,period,value\n")
	for n := range 1500 {
		fmt.Fprintf(&text, "sti-annual,hnte_valid,%d-%02d,%d\n", 1949+n/12, 1+n%12, n)
	}
	h.put("320812/large.csv", text.String())
	killed := h.watcher("same", drop.WithSteps(func(reached string) error {
		if reached == "sent" {
			return errKilled
		}
		return nil
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := killed.Run(ctx); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	parts := h.Submissions(drop.Way)["large.csv"]
	h.Keep(h.watcher("same").Run)
	path := h.ended("320812/done", "large", 1)[0]
	if got := h.Submissions(drop.Way)["large.csv"]; parts < 2 || got != parts {
		t.Errorf("%d parts before the kill, %d after it; want as many, and several", parts, got)
	}
	if text := h.verdict(path); strings.Count(text, "accepted") != 2 {
		t.Errorf("want one verdict in each language for all parts, got %s", text)
	}
}

// Of several watchers of one folder one takes each file.
func TestManyWatchers(t *testing.T) {
	h := open(t)
	const files = 20
	want := map[string]int{}
	for i := range files {
		name := fmt.Sprintf("f%02d", i)
		h.put("320812/"+name+".csv", figure(fmt.Sprint(300+i)))
		want[name+".csv"] = 1
	}
	for i := range 3 {
		h.Keep(h.watcher(fmt.Sprint(i)).Run)
	}
	h.ended("320812/done", "f??", files)
	if got := h.Submissions(drop.Way); !maps.Equal(got, want) {
		t.Errorf("submissions %v, want %v", got, want)
	}
}
