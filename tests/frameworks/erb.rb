# Rails: renders a layout with ActionView. Arguments: the data, the code.
require "active_support/all"
require "action_view"
require "json"
require "ostruct"

data = JSON.parse(File.read(ARGV[0]), object_class: OpenStruct)
[data.user, data.account, *data.accounts].compact.each { |record| record.created_at = Time.parse(record.created_at) }
data.user.accounts = data.accounts if data.user
values = { current_user: data.user, current_account: data.account, current_membership: data.membership }
view = ActionView::Base.with_empty_template_cache.with_view_paths([])
puts view.render(inline: File.read(ARGV[1]), locals: values)
