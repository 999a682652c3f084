package catalogue

import "fmt"

// Problem is a mistake in one text that a reporter wrote. It has its message in both
// languages, because districts read Chinese and integrators English.
type Problem struct {
	// Code is what programs may rely on: PERIOD_INVALID, VALUE_NOT_A_NUMBER …
	Code string `json:"code"`
	// Seen is the text as it was received.
	Seen string `json:"seen"`
	// ZH and EN say what is wrong and what to do.
	ZH string `json:"message_zh"`
	EN string `json:"message_en"`
}

// Error returns the English message.
func (p *Problem) Error() string { return fmt.Sprintf("%s: %s", p.Code, p.EN) }

// Chinese returns the Chinese message.
func (p *Problem) Chinese() string { return p.Code + "：" + p.ZH }
