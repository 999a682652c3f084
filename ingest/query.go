package ingest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/citytally/citytally/ingest/event"
)

// strictQuery lets a request in whose path has no control characters and whose query parameters are
// among the known ones, each at most once. A parameter that is passed over, such as dryRun, would have the
// request do what its sender did not mean.
func strictQuery(next handler, known ...string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if c, found := event.ControlIn(r.URL.Path, ""); found {
			return newProblem(http.StatusBadRequest, codeMalformed, fmt.Sprintf("地址含有控制字符 %U；请删除", c), fmt.Sprintf("the address has the control character %U; take it out", c))
		}
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return queryProblem(event.Excerpt(r.URL.RawQuery, maxExcerpt), "无法解析请求参数；请检查 %xx 编码", "the query cannot be read; check its %xx escapes")
		}
		for name, values := range query {
			switch {
			case !slices.Contains(known, name):
				zh, en := "此地址不接受请求参数", "this address takes no query parameters"
				if len(known) > 0 {
					zh, en = "可用的请求参数为 "+strings.Join(known, "、"), "the query parameters are "+strings.Join(known, ", ")
				}
				name = event.Excerpt(name, maxExcerpt)
				return queryProblem(name, fmt.Sprintf("未知的请求参数 %q；%s", name, zh), fmt.Sprintf("unknown query parameter %q; %s", name, en))
			case len(values) > 1:
				return queryProblem(name, fmt.Sprintf("请求参数 %q 重复出现；请只保留一个", name), fmt.Sprintf("query parameter %q occurs %d times; give it once", name, len(values)))
			}
			if r, found := event.ControlIn(values[0], ""); found {
				return queryProblem(name, fmt.Sprintf("请求参数 %q 含有控制字符 %U；请删除", name, r),
					fmt.Sprintf("query parameter %q has the control character %U; take it out", name, r))
			}
		}
		return next(w, r)
	}
}

func queryProblem(seen, zh, en string) *Problem {
	p := newProblem(http.StatusBadRequest, codeMalformed, zh, en)
	p.Errors = []ProblemError{{Code: "QUERY_PARAMETER", Field: "query", Seen: seen, Detail: en, DetailZH: zh}}
	return p
}
