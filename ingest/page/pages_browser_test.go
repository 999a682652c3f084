package page_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// sample has an area send what the sample of 淮安 has for it.
func (c *city) sample(area string, years ...string) (last shown) {
	c.t.Helper()
	v := c.visitor("en").signIn(area)
	for _, year := range years {
		text, err := os.ReadFile("../../configs/sample/" + year + "/" + area + ".csv")
		check(c.t, err)
		last = v.confirm(v.drop(year+".csv", string(text), annual), nil).wants(c.t, http.StatusOK, `class="status accepted"`)
	}
	return last
}

// dark has the browser ask for a dark page.
func (b *browser) dark() {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
		})
		return err
	}))
}

// Every page is accessible, in the other language on each screen than that of the newcomer.
func TestPagesInABrowser(t *testing.T) {
	c := open(t)
	checker := axe(t)
	sent := c.sample("320812", "2020", "2021")
	c.sample("320804", "2020", "2021")
	c.holds("320812", "gdp,2021,9000", "rd_expenditure,2021,2000")
	for _, test := range []struct {
		language, screen, figures, totals string
		dark                              bool
		held                              func(b *browser, checker string)
	}{
		{"en", "desktop", "Own figures", "City totals", true, theBureauReleases},
		{"zh-CN", "phone", "本地区数据", "全市数", false, theDistrictExplains},
	} {
		t.Run(test.language+" "+test.screen, func(t *testing.T) {
			in := *c
			in.t = t
			b := in.browser(test.language, test.screen)
			if test.dark {
				b.dark()
			}
			b.signIn("320812")
			for _, page := range []struct{ path, name, says string }{
				{"/", "home-full", "2021.csv"},
				{"/held", "held", "9000"},
				{"/figures?period=2021", "figures", test.figures},
				{"/figures/gdp/2021", "history", "2021.csv"},
				{"/totals?period=2021", "totals", test.totals},
				{"/totals/rd_intensity/2021", "explained", "%"},
				{sent.path, "submission", "2021.csv"},
				{"/submissions/0", "refused", ""},
			} {
				b.goes(page.path)
				b.sees(page.says)
				b.screenshot(page.name + "-" + test.language + "-" + test.screen)
				b.accessible(page.name, checker)
			}
			// The report that the bureau publishes is a page too.
			report, err := filepath.Abs("../../cmd/citytally/present/testdata/page." + test.language[:2] + ".html")
			check(t, err)
			b.do(chromedp.Navigate("file://" + report))
			b.accessible("report", checker)
			// Single cells are corrected in the page.
			b.goes("/figures?period=2021")
			b.do(chromedp.SendKeys(chromedp.CSS(`[name="figure.gdp"]`), "820.5"))
			b.leave(`document.querySelector("form[action='/figures']").requestSubmit()`)
			b.sees("820.5", "813.41")
			b.screenshot("corrected-" + test.language + "-" + test.screen)
			b.accessible("corrected", checker)
			test.held(b, checker)
		})
	}
}

// holds has an area send figures that are held.
func (c *city) holds(area string, rows ...string) {
	c.t.Helper()
	v := c.visitor("en").signIn(area)
	v.confirm(v.drop("odd.csv", csv(rows...), annual), nil).wants(c.t, http.StatusOK, `class="status held"`, `href="/held"`)
}

// theBureauReleases explains by the keyboard alone a held figure that the bureau decides about,
// and then decides as the bureau: the total says what it would be, and follows.
func theBureauReleases(b *browser, checker string) {
	b.goes("/totals/rd_expenditure/2021")
	b.sees("2009.93 亿元 with it")
	b.goes("/held")
	b.do(chromedp.Focus(chromedp.CSS(`section:has([action="/held/5.3"]) textarea`)), chromedp.SendKeys(chromedp.CSS(`section:has([action="/held/5.3"]) textarea`), "the refinery began"), chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	b.sees("Your explanation is on record", "the refinery began")
	b.accessible("explained", checker)
	b.press("Sign out")
	b.await("signed out", `!!document.getElementById("token")`)
	b.signIn("*")
	b.goes("/held")
	b.sees("Qingjiangpu District", "the refinery began", "with it")
	b.screenshot("held-bureau")
	b.accessible("held by the bureau", checker)
	b.do(chromedp.SendKeys(chromedp.CSS(`section:has([action="/held/5.3"]) textarea`), "checked by telephone"))
	b.leave(`document.querySelector('[action="/held/5.3"] [value=release]').click()`)
	b.sees("Released: it counts")
	b.goes("/totals/rd_expenditure/2021")
	b.sees("2009.93 亿元")
}

// theDistrictExplains says why a figure is right that the rule leaves to the district, which
// counts from then on.
func theDistrictExplains(b *browser, checker string) {
	b.goes("/totals?period=2021")
	b.sees("1 项待核实：不含为")
	b.goes("/held")
	b.do(chromedp.SendKeys(chromedp.CSS("textarea"), "新并入三家企业，统计口径未变"))
	b.press("提交说明")
	b.sees("已采用，从现在起计入全市数", "没有待核实的数据")
	b.goes("/held?state=all")
	b.sees("checked by telephone", "新并入三家企业")
	b.screenshot("held-all-zh-CN-phone")
	b.accessible("all that was held", checker)
}

// A total moves while one looks at it.
func TestTotalMovesWhileOneLooks(t *testing.T) {
	c := open(t)
	b := c.browser("en", "desktop")
	b.signIn("320812")
	b.goes("/totals?period=2021")
	b.sees("no totals of this period")
	other := c.visitor("en").signIn("320804")
	other.confirm(other.drop("b.csv", csv("gdp,2021,50"), annual), nil).wants(t, http.StatusOK, `class="status accepted"`)
	b.sees("50.00 亿元")
	other.confirm(other.drop("b.csv", csv("gdp,2021,51"), annual), nil).wants(t, http.StatusOK, `class="status accepted"`)
	b.sees("51.00 亿元", "Updated")
	b.await("what has moved is marked", `document.querySelector("[data-cell=gdp]").classList.contains("moved")`)
}

// What was sent says what has become of what is held, while one looks at it: on its own page, and on
// the first one.
func TestReceiptFollowsWhileOneLooks(t *testing.T) {
	c := open(t)
	c.sample("320812", "2020")
	c.holds("320812", "gdp,2021,90000")
	held := c.visitor("zh").signIn("320812")
	sent := held.link(held.get("/"), "/submissions/")
	one, first := c.browser("zh-CN", "desktop"), c.browser("zh-CN", "phone")
	for b, path := range map[*browser]string{one: sent, first: "/"} {
		b.signIn("320812")
		b.goes(path)
		b.sees("待核实")
	}
	c.visitor("zh").signIn("*").post("/held/2.2", url.Values{"act": {"refuse"}, "text": {"单位应为万元"}}).wants(t, http.StatusOK, "已退回")
	one.sees("未采用", "待核实 → 已退回", "单位应为万元")
	first.sees("未采用")
	one.screenshot("submission-refused")
}

// The keyboard alone leads through the page, in the order of reading, and every place shows
// that it has the focus.
func TestKeyboard(t *testing.T) {
	c := open(t)
	b := c.browser("en", "desktop")
	tab := func(n int) (names []string) {
		t.Helper()
		for range n {
			b.do(chromedp.KeyEvent("\t"))
			name, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`(() => {
				const e = document.activeElement, s = getComputedStyle(e), box = e.getBoundingClientRect();
				const seen = s.outlineStyle !== "none" && box.width > 0 && box.left >= 0;
				return (e.id || e.name || e.innerText.trim()) + (seen ? "" : " (not seen)");
			})()`))
			check(t, err)
			names = append(names, name)
		}
		return names
	}
	if got, want := tab(5), []string{"Skip to content", "Figures for Huai'an", "language", "token", "reveal"}; !slices.Equal(got, want) {
		t.Errorf("signing in: the focus goes to %q, want %q", got, want)
	}
	b.do(chromedp.Focus(chromedp.ID("token")), chromedp.SendKeys(chromedp.ID("token"), b.token("320812")))
	b.do(chromedp.KeyEvent("\r"))
	b.sees("Send a file")
	want := []string{"Skip to content", "Figures for Huai'an", "language", "Sign out", "Send a file", "Held", "Own figures", "City totals", "dataset", "period", "More options", "file", "Look at the file"}
	if got := tab(len(want)); !slices.Equal(got, want) {
		t.Errorf("sending: the focus goes to %q, want %q", got, want)
	}
	b.goes("/figures?period=2021")
	b.do(chromedp.Focus(chromedp.CSS(`[name="figure.gdp"]`)), chromedp.SendKeys(chromedp.CSS(`[name="figure.gdp"]`), "5"), chromedp.KeyEvent("\r"))
	b.sees("Confirm and send")
	if text := b.text(); !strings.HasPrefix(text, "/check/") {
		t.Errorf("Enter leads to\n%s", text)
	}
}
