package page_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// browser is a Chromium with one window, in a profile of its own.
type browser struct {
	*city
	ctx context.Context
}

// screens are the sizes that pages are looked at in, in CSS pixels.
var screens = map[string][2]int64{"desktop": {1280, 900}, "phone": {375, 740}}

// chromium returns the path of Chromium, which is the one thing that the tests of this
// package do not bring along.
func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium on PATH: the page is not tested in a browser; .ci/run installs it")
	return ""
}

// chrome is the one Chromium of all tests, which the first one that needs it starts.
var chrome struct {
	start sync.Once
	ctx   context.Context
	close func()
	err   error
}

func startChrome(path string) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU)
	allocator, release := chromedp.NewExecAllocator(context.Background(), options...)
	window, closeWindow := chromedp.NewContext(allocator)
	chrome.ctx, chrome.close = window, func() { closeWindow(); release() }
	chrome.err = chromedp.Do(window)
}

// browser opens a window in a profile of its own, at the page's address.
func (c *city) browser(language, screen string) *browser {
	c.t.Helper()
	path := chromium(c.t)
	chrome.start.Do(func() { startChrome(path) })
	check(c.t, chrome.err)
	window, closeWindow := chromedp.NewContext(chrome.ctx, chromedp.WithNewBrowserContext())
	ctx, cancel := context.WithTimeout(window, 5*time.Minute)
	c.t.Cleanup(func() { cancel(); closeWindow() })
	b := &browser{city: c, ctx: ctx}
	size := screens[screen]
	var more []chromedp.EmulateViewportOption
	if screen == "phone" {
		more = append(more, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}})
		return err
	}), chromedp.EmulateViewport(size[0], size[1], more...), chromedp.Navigate(c.base+"/"))
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%v, on\n%s", err, b.text())
	}
}

// text returns what the page says.
func (b *browser) text() string {
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.pathname + "\n" + document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

// press activates a button or link that says exactly so, and waits for the next page.
func (b *browser) press(label string) {
	b.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll("button, a")].find((e) => e.innerText.trim() === %q && e.checkVisibility())`, label)
	b.await(label, `!!`+find)
	b.leave(`document.body.dataset.left = "no"; ` + find + `.click()`)
}

// leave carries out what leads to another page, and waits for that.
func (b *browser) leave(script string) {
	b.t.Helper()
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[*string](script+"; null")(ctx, t)
		return err
	})); err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
}

// await waits until an expression is true on the page, whatever page that is by then.
func (b *browser) await(what, expression string) {
	b.t.Helper()
	soon := time.Now().Add(time.Minute)
	eventually(b.t, what, func() bool {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
		if err == nil && !ok && time.Now().After(soon.Add(-5*time.Second)) {
			b.t.Fatalf("waited in vain: %s, on\n%s", what, b.text())
		}
		return err == nil && ok
	})
}

// sees waits until the page says all of this.
func (b *browser) sees(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		b.await(fmt.Sprintf("%q", text), fmt.Sprintf("document.body.innerText.includes(%q)", text))
	}
}

// types replaces what a field holds, key by key.
func (b *browser) types(id, text string) {
	b.t.Helper()
	b.do(chromedp.Focus(chromedp.ID(id)), chromedp.SendKeys(chromedp.ID(id), text))
}

// chooses puts a file into the form.
func (b *browser) chooses(name, content string) {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), name)
	check(b.t, os.WriteFile(path, []byte(content), 0o600))
	b.do(chromedp.SetUploadFiles(chromedp.ID("file"), []string{path}))
}

func (b *browser) signIn(area string) {
	b.t.Helper()
	b.types("token", b.token(area))
	b.leave(`document.querySelector("form.card").requestSubmit()`)
}

// screenshot keeps a picture of the whole page among the test's artifacts.
func (b *browser) screenshot(name string) {
	b.t.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	check(b.t, err)
	check(b.t, os.WriteFile(filepath.Join(b.t.ArtifactDir(), name+".png"), picture, 0o600))
}

const (
	axePackage = "axe-core@4.10.3"
	axeSHA256  = "0f2b4d7dcdf7d1219df8d1959ad68e565f51d14c3f0d88bb71cd59abeb956292"
)

// axe returns the script of axe-core, which is fetched once into the user's cache with npm.
func axe(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	check(t, err)
	dir := filepath.Join(cache, "citytally", "axe-core")
	check(t, os.MkdirAll(dir, 0o700))
	file := filepath.Join(dir, strings.Replace(axePackage, "@", "-", 1)+".tgz")
	if _, err := os.Stat(file); err != nil {
		npm, err := exec.LookPath("npm")
		if err != nil {
			t.Skip("no npm on PATH, which fetches " + axePackage + ": accessibility is not checked")
		}
		command := exec.CommandContext(t.Context(), npm, "pack", axePackage, "--pack-destination", dir, "--ignore-scripts")
		command.Dir = t.TempDir()
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("fetch %s: %v\n%s", axePackage, err, out)
		}
	}
	packed, err := os.ReadFile(file)
	check(t, err)
	if sum := sha256.Sum256(packed); hex.EncodeToString(sum[:]) != axeSHA256 {
		check(t, os.Remove(file))
		t.Fatalf("%s is not the known package: %x", file, sum)
	}
	unzipped, err := gzip.NewReader(strings.NewReader(string(packed)))
	check(t, err)
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		check(t, err)
		if header.Name == "package/axe.min.js" {
			script, err := io.ReadAll(archive)
			check(t, err)
			return string(script)
		}
	}
}

// accessible checks the page by the rules of WCAG 2.2 AA that axe-core knows, and for what a
// narrow screen and a keyboard need besides.
func (b *browser) accessible(name, axe string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[*string](axe+"; null")(ctx, t)
		return err
	}))
	violations, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
		.then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + v.help + ": " + n.html + " " + n.failureSummary)))`,
		chromedp.EvalAwaitPromise))
	check(b.t, err)
	for _, v := range violations {
		b.t.Errorf("%s: %s", name, v)
	}
	wide, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`(() => {
		const limit = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= limit) { return ""; }
		return [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > limit + 1).slice(0, 3).map((e) => e.outerHTML.slice(0, 120)).join("\n") || "something";
	})()`))
	check(b.t, err)
	if wide != "" {
		b.t.Errorf("%s: wider than the screen: %s", name, wide)
	}
}

// goes opens an address of the page.
func (b *browser) goes(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base + path))
}
