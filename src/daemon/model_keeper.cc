#include "daemon/model_keeper.h"

#include "base/escape.h"
#include "daemon/model_file.h"
#include "sys/state_file.h"

namespace mailweir {
namespace {

Result<void> write(const std::string& state_dir, const std::string& text) {
  if (auto made = make_state_directory(state_dir); !made) return made;
  return write_state_file(model_file(state_dir), text);
}

}  // namespace

ModelKeeper::ModelKeeper(const std::string& state_dir, Duration every) : state_dir_(state_dir), every_(every) {}

Result<LearnedModel> ModelKeeper::read(Time now) {
  next_ = now + every_;
  const std::string file = model_file(state_dir_);
  const auto text = read_state_file(file);
  if (!text) {
    if (text.error().code() == ErrorCode::NotFound) return fail(text.error());
    return fail(Error(text.error()).in("what was learned, " + escape(file)));
  }
  auto model = parse_model(*text);
  if (model) {
    written_ = now;
    return model;
  }
  std::string what = "what was learned, " + escape(file);
  if (rename_state_file(file, broken_model_file(state_dir_)))
    what += " (now " + escape(broken_model_file(state_dir_)) + ")";
  return fail(std::move(model).error().in(what));
}

void ModelKeeper::note(const Result<void>& result, Time at) {
  if (result) {
    written_ = at;
    works_ = true;
  } else if (std::exchange(works_, false)) {
    trouble_ = "what was learned is not written down: " + result.error().text();
  }
}

void ModelKeeper::look_after(bool wait) {
  if (!writing_.valid()) return;
  if (!wait && writing_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  note(writing_.get(), writing_since_);
}

void ModelKeeper::keep(Time now, const std::function<LearnedModel()>& remember) {
  next_ = now + every_;
  look_after(false);
  if (writing_.valid()) return;
  writing_since_ = now;
  writing_ =
      std::async(std::launch::async, [file = state_dir_, text = print_model(remember())] { return write(file, text); });
}

void ModelKeeper::finish(Time now, const LearnedModel& model) {
  look_after(true);
  note(write(state_dir_, print_model(model)), now);
}

}  // namespace mailweir
