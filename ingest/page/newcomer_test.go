package page_test

import (
	"testing"
	"time"
)

// A newcomer who has a token and a file, and no documentation, gets from one to the other:
// one mistake is found and mended on the way. The words are those that the page itself uses.
func TestNewcomer(t *testing.T) {
	c := open(t)
	checker := axe(t)
	for _, test := range []struct {
		language, screen, area                         string
		look, send, mistake, partly, accepted, signOut string
		waitsFor                                       []string
		name                                           string
		withMistake, mended                            string
	}{
		{
			language: "zh-CN", screen: "desktop", area: "320812", look: "查看读取结果", send: "确认报送", mistake: "字母",
			partly: "部分采用", accepted: "已采用", signOut: "退出", name: "清江浦区2021.csv",
			withMistake: "指标,报告期,数值,单位\n地区生产总值,2021年,813.41,亿元\n全社会研发投入,2021年,1O.92,亿元\n",
			mended:      "指标,报告期,数值,单位\n地区生产总值,2021年,813.41,亿元\n全社会研发投入,2021年,10.92,亿元\n",
		},
		{
			language: "en", screen: "phone", area: "320804", look: "Look at the file", send: "Send these figures", mistake: "letter O",
			partly: "Partly accepted", accepted: "Accepted", signOut: "Sign out", name: "huaiyin-2021.csv",
			withMistake: "indicator,period,value\ngdp,2021,613.41\nrd_expenditure,2021,1O.92\n",
			mended:      "indicator,period,value\ngdp,2021,613.41\nrd_expenditure,2021,10.92\n",
		},
	} {
		t.Run(test.language+" "+test.screen, func(t *testing.T) {
			in := *c
			in.t = t
			b := in.browser(test.language, test.screen)
			look := func(page string) {
				b.screenshot(page + "-" + test.language + "-" + test.screen)
				b.accessible(page, checker)
			}
			look("sign-in")
			began := time.Now()
			b.signIn(test.area)
			b.sees(test.look)
			look("empty")
			b.chooses(test.name, test.withMistake)
			b.press(test.look)
			b.sees(test.mistake)
			look("check")
			b.press(test.send)
			b.sees(test.partly, test.mistake)
			look("verdict")
			b.chooses(test.name, test.mended)
			b.press(test.look)
			b.press(test.send)
			b.sees(test.accepted)
			t.Logf("from the token to accepted figures in %s, pictures and checks included", time.Since(began).Round(time.Millisecond))
			look("accepted")
			b.goes("/")
			look("home")
			b.press(test.signOut)
			b.await("signed out", `!!document.getElementById("token")`)
		})
	}
}
