package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// count is a number that may be written as 1000000, 1_000_000, 1e6 or 10^6.
type count int64

// maxCount is the largest, so that no step towards it overflows.
const maxCount = 1_000_000_000_000_000_000

var countForm = regexp.MustCompile(`^([0-9]{1,3}(?:_[0-9]{3})*|[0-9]{1,19})(?:([e^])([0-9]{1,2}))?$`)

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *count) UnmarshalText(text []byte) error {
	parts := countForm.FindStringSubmatch(string(text))
	if parts == nil {
		return fmt.Errorf("%.40q is no number such as 1000000, 1_000_000, 1e6 or 10^6", text)
	}
	base, err := strconv.ParseInt(strings.ReplaceAll(parts[1], "_", ""), 10, 64)
	if err != nil || base > maxCount {
		return fmt.Errorf("%s is too large", text)
	}
	value, factor, times := base, int64(10), 0
	if parts[2] != "" {
		times, _ = strconv.Atoi(parts[3]) // two digits
	}
	if parts[2] == "^" {
		value, factor = 1, base
	}
	for range times {
		if factor > 0 && value > maxCount/factor {
			return fmt.Errorf("%s is too large", text)
		}
		value *= factor
	}
	*c = count(value)
	return nil
}
