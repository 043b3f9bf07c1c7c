package operation

import "context"

type nameKey struct{}

// WithName returns a context that says for which operation work is done.
func WithName(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, nameKey{}, name)
}

// NameOf returns the name of the operation that ctx belongs to, "" outside of one.
func NameOf(ctx context.Context) string {
	name, _ := ctx.Value(nameKey{}).(string)
	return name
}
